// SPDX-License-Identifier: Apache-2.0
// output[m, n] = activation(sum_k input[m, k] weight[n, k] + bias[n]) in double, the weight in blocks, the input
// rounded to signed bytes as qkv/matmul.h says.
//
// Gate: a group of g values of k adds one term, with a minimum two, each rounded at most twice before it joins a chain:
//   |error of z| <= u (6 + 3 sqrt(terms + 2)) sum of |terms| + 2 u (|bias| + |z|)
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "qkv/matmul.h"
#include "support/gate.hpp"

namespace qkv_test {

struct BlockFacts {
  int32_t format;
  const char* name;
  int64_t elements, bytes, group;
};
inline constexpr BlockFacts block_facts[] = {{QKV_Q4_0, "q4_0", 32, 18, 32},
                                             {QKV_Q4_1, "q4_1", 32, 20, 32},
                                             {QKV_Q8_0, "q8_0", 32, 34, 32},
                                             {QKV_Q4_K, "q4_k", 256, 144, 32},
                                             {QKV_Q6_K, "q6_k", 256, 210, 16}};

// A value is factor + minimum, where the format has a minimum.
struct BlockValue {
  double factor, minimum;
};
BlockValue block_value(int32_t format, const unsigned char* block, int64_t element);

struct QuantizedProblem {
  int64_t m = 1, n = 1, k = 32;
  BlockFacts facts = block_facts[0];
  int32_t activation = 0;
  Array<float> input = {}, bias = {};  // [m, k], [n] or absent
  std::vector<unsigned char> blocks = {};

  Shape input_shape() const { return {1, 1, m, k}; }
  Shape bias_shape() const { return {1, 1, 1, n}; }
  Shape output_shape() const { return {1, 1, m, n}; }
  int64_t row_bytes() const { return k / facts.elements * facts.bytes; }
};

Expected quantized_reference(const QuantizedProblem& problem);

std::string describe(const QuantizedProblem& problem);

}  // namespace qkv_test
