// SPDX-License-Identifier: Apache-2.0
// Decode over a packed cache: K and V are read from one end to the other, once for all rows of the group.
#pragma once

#include "kernels/attention/cached_scores.hpp"
#include "kernels/attention/cached_values.hpp"
#include "kernels/attention/decode.hpp"

namespace qkv::QKV_ISA {
namespace {

template <AttentionRecipe recipe>
void decode_cached(const AttentionTask& task) {
  const DecodeRows rows = start_rows(task);
  pack_query(task, rows);
  const HeadTiles tiles(*task.args->cache, task.batch, task.key_head);
  const KeyRange any = keys_of(task);
  CachedBlock block;
  for_blocks(task, any, [&](int64_t begin, int64_t end, bool closes_span) {
    find_block(tiles, any, {begin, end}, block);
    score_cached_rows(task, rows, block);
    const bool hides = weigh_rows<recipe>(task, rows, {begin, end}, larger(any.begin, begin));
    add_cached_values(task, rows, block, hides);
    if (closes_span) close_span(task, rows);
  });
  if (task.parts == nullptr) write_output(task, rows);
}

}  // namespace
}  // namespace qkv::QKV_ISA
