// SPDX-License-Identifier: Apache-2.0
// A peer library: prepares a problem once, then runs it as often as asked. The process that loads it checks and
// measures.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>

namespace qkv::peers {

// Contiguous f32 [batch, heads, rows, dim].
struct AttentionProblem {
  int64_t batch, heads, kv_heads, queries, keys, head_dim, value_dim, causal, window, position;
  const float *query, *key, *value;
  float* output;
  int64_t threads;
};

// output [m, n] = activation(input [m, k] weight [n, k]^T + bias [n])
struct MatmulProblem {
  int64_t m, n, k, activation;  // 0 none, 1 ReLU, 2 GELU, 3 GELU by tanh, 4 SiLU
  const float *input, *weight, *bias;
  float* output;
  int64_t threads;
};

class Prepared {
 public:
  Prepared() = default;
  Prepared(const Prepared&) = delete;
  Prepared& operator=(const Prepared&) = delete;
  virtual ~Prepared() = default;
  virtual void run() = 0;
};

// What a peer cannot do.
struct NotSupported : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Each peer defines these; they throw.
const char* version();  // is called first
std::unique_ptr<Prepared> prepare(const AttentionProblem& problem);
std::unique_ptr<Prepared> prepare(const MatmulProblem& problem);

}  // namespace qkv::peers
