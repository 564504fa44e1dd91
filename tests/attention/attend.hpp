// SPDX-License-Identifier: Apache-2.0
// Runs an attention problem on the library: operands staged in guarded memory, results read back densely.
#pragma once

#include "reference/attention.hpp"
#include "support/execution.hpp"
#include "support/staged_tensor.hpp"

namespace qkv_test {

// Where the operands lie and which results are asked for.
struct Staging {
  uint64_t layout_seed = 0;  // 0: contiguous, at the end of their pages; else random layouts
  Layout plain{};            // the layout for seed 0
  bool lse = true;
  bool weights = false;
  const qkv_tuning* tuning = nullptr;
};

struct AttentionResult {
  Array<float> output, lse, weights;
};

class StagedAttention {
 public:
  StagedAttention(const AttentionProblem& problem, const Staging& staging);
  StagedAttention(const StagedAttention&) = delete;
  StagedAttention& operator=(const StagedAttention&) = delete;

  const qkv_attention_args& args() const { return args_; }
  bool inputs_unchanged() const;
  bool gaps_unchanged() const;  // around the elements of the outputs
  AttentionResult result() const;

 private:
  void fill_args(const AttentionProblem& problem);

  StagedTensor<float> query_, key_, value_, bias_, output_, lse_, weights_;
  StagedTensor<uint8_t> mask_;
  StagedTensor<int64_t> key_count_, first_query_position_;
  bool wants_lse_, wants_weights_;
  qkv_attention_args args_ = {};
};

// The call must succeed, leave its inputs alone and write nothing but the elements of its outputs.
AttentionResult attend(const AttentionProblem& problem, const Staging& staging = {}, const Execution& execution = {});

// "" if every element of every result passes the gate.
std::string first_failure(const AttentionResult& result, const AttentionReference& reference);

uint64_t bit_hash(const AttentionResult& result);

// Checks the problem on every tier.
void check_on_every_tier(const AttentionProblem& problem, const Staging& staging = {.weights = true},
                         const Execution& execution = {});

}  // namespace qkv_test
