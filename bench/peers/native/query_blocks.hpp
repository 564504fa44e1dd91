// SPDX-License-Identifier: Apache-2.0
// Two-product attention without a whole score matrix: blocks of query rows, each with the keys that it can see.
#pragma once

#include <algorithm>
#include <vector>

#include "peer.hpp"

namespace qkv::peers {

struct KeyRange {
  int64_t first, last;
  int64_t count() const { return last - first; }
};

// Rows that share one key head. With one query row per head these are the heads of a group: one product for all.
struct QueryBlock {
  int64_t rows;
  int64_t query_offset, key_offset, value_offset, output_offset;  // floats
  int64_t first_position;
  bool one_position;  // of all rows
  KeyRange keys;      // that any row sees
};

inline KeyRange visible_keys(const AttentionProblem& problem, int64_t position) {
  const int64_t first = problem.window > 0 ? std::max<int64_t>(0, position - problem.window + 1) : 0;
  const int64_t last = problem.causal != 0 ? std::min(problem.keys, position + 1) : problem.keys;
  return {std::min(first, last), last};
}

inline int64_t position_of(const QueryBlock& block, int64_t row) {
  return block.first_position + (block.one_position ? 0 : row);
}

inline QueryBlock query_block(const AttentionProblem& p, int64_t batch_head, int64_t first_row, int64_t rows) {
  QueryBlock block{};
  const int64_t group = p.heads / p.kv_heads;
  const int64_t query_row = batch_head * p.queries + first_row;
  const int64_t key_row = (batch_head / p.heads * p.kv_heads + batch_head % p.heads / group) * p.keys;
  block.rows = rows;
  block.query_offset = query_row * p.head_dim;
  block.output_offset = query_row * p.value_dim;
  block.first_position = p.position + first_row;
  block.one_position = p.queries == 1;
  block.keys = {visible_keys(p, block.first_position).first, visible_keys(p, position_of(block, rows - 1)).last};
  block.key_offset = (key_row + block.keys.first) * p.head_dim;
  block.value_offset = (key_row + block.keys.first) * p.value_dim;
  return block;
}

inline std::vector<QueryBlock> query_blocks(const AttentionProblem& p, int64_t rows_per_block) {
  std::vector<QueryBlock> blocks;
  const int64_t group = p.heads / p.kv_heads;
  for (int64_t batch_head = 0; batch_head < p.batch * p.heads; batch_head += p.queries == 1 ? group : 1) {
    if (p.queries == 1) {
      blocks.push_back(query_block(p, batch_head, 0, group));
      continue;
    }
    for (int64_t row = 0; row < p.queries; row += rows_per_block) {
      blocks.push_back(query_block(p, batch_head, row, std::min(rows_per_block, p.queries - row)));
    }
  }
  // Long blocks first, so that no worker is left with one at the end.
  std::stable_sort(blocks.begin(), blocks.end(),
                   [](const auto& a, const auto& b) { return a.keys.count() > b.keys.count(); });
  return blocks;
}

}  // namespace qkv::peers
