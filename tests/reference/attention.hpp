// SPDX-License-Identifier: Apache-2.0
// Attention in double precision by plain loops, with the error that each f32 result may have.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "support/gate.hpp"

namespace qkv_test {

// Dense operands of one call. Extent 1 on an axis of key, value, bias or mask is a broadcast.
struct AttentionProblem {
  int64_t batch = 1, query_heads = 1, key_heads = 1, queries = 1, keys = 1, key_dim = 1, value_dim = 1;
  bool causal = false;
  int64_t window_left = 0, window_right = 0;
  std::optional<float> scale = {};
  std::vector<int64_t> key_count = {};             // empty: not given
  std::vector<int64_t> first_query_position = {};  // empty: not given
  Array<float> query = {}, key = {}, value = {}, bias = {};
  Array<uint8_t> mask = {};
  std::string family = "";        // of the data, for messages
  double block = keys_per_block;  // B of the gate: larger only where a tuning asks for larger blocks

  int64_t group() const { return query_heads / key_heads; }
  Shape query_shape() const { return {batch, query_heads, queries, key_dim}; }
  Shape key_shape() const { return {batch, key_heads, keys, key_dim}; }
  Shape value_shape() const { return {batch, key_heads, keys, value_dim}; }
  Shape output_shape() const { return {batch, query_heads, queries, value_dim}; }
  Shape lse_shape() const { return {1, batch, query_heads, queries}; }
  Shape weights_shape() const { return {batch, query_heads, queries, keys}; }
};

std::string describe(const AttentionProblem& problem);

// By key_count, causal, windows and mask; a bias of -inf hides a key as well.
bool unmasked(const AttentionProblem& problem, int64_t b, int64_t h, int64_t row, int64_t key);
bool visible(const AttentionProblem& problem, int64_t b, int64_t h, int64_t row, int64_t key);

struct AttentionReference {
  Expected output, lse, weights;
};

AttentionReference attention_reference(const AttentionProblem& problem);

}  // namespace qkv_test
