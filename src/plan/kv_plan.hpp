// SPDX-License-Identifier: Apache-2.0
// Operations on a KV cache. Appending and unpacking: tasks are sequence x key head x chunk of positions. Copying: tasks
// are pages.
#pragma once

#include "dispatch/isa_registry.hpp"
#include "plan/plan.hpp"

namespace qkv {

// Positions of one task, from a multiple of it on: two tasks never write to one group of tokens.
inline constexpr int64_t kv_chunk_tokens = 128;

template <class Args>
struct KvTokensPlan {
  Args args;  // checked, in plain form, without data
  qkv_kv_layout layout;
  int64_t pages_per_sequence;
  int64_t sequences, tokens, chunks;
  int32_t tier;
};

// Chunks that `tokens` tokens may touch, wherever they begin.
inline int64_t kv_chunks(int64_t tokens) {
  return tokens == 0 ? 0 : divide_up(tokens - 1, kv_chunk_tokens) + 1;
}

// Tokens of one sequence in a call: the first is at position `first`.
struct KvSpan {
  int64_t sequence, first, count;
};
template <class Args>
KvSpan kv_span(const Args& args, int64_t tokens, int64_t sequence) {
  return {sequence, args.first_position == nullptr ? 0 : args.first_position[sequence],
          args.token_count == nullptr ? tokens : args.token_count[sequence]};
}

// The task that reads or writes the tokens of `span` which chunk `chunk` of it holds.
KvTask kv_task(const qkv_kv_cache& cache, const KvSpan& span, int64_t key_head, int64_t chunk);

// Copies the tiles of the first `tokens` tokens.
void copy_page(const qkv_kv_cache& cache, int64_t from, int64_t to, int64_t tokens);

}  // namespace qkv
