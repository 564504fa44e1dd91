// SPDX-License-Identifier: Apache-2.0
// Prefill: queries in lanes. Panels of query rows share each block of K and V while it is in L2.
// Cost per visible (query, key) pair: 2 (key dim + value dim) flops in the two multiply loops, and about 14 vector
// operations per vector of scores.
#pragma once

#include "kernels/attention/prefill_values.hpp"

namespace qkv::QKV_ISA {
namespace {

constexpr int64_t max_panels = (prefill_task_rows + panel_rows - 1) / panel_rows;

// Which vectors of the panel see a key of the group.
inline void find_vectors(const Panel& panel, Group& group) {
  int64_t first = 0, last = panel.vectors;
  while (first < last && panel.seen[first].end <= group.begin) first++;
  while (first < last && panel.seen[last - 1].begin >= group.end) last--;
  group.first_vector = first;
  group.vectors = last - first;
}

inline void read_panel_bias(const AttentionTask& task, const Panel& panel, const KeyBlock& block) {
  for (int64_t r = 0; r < panel.rows; r++) {
    read_bias(task, panel.first_row + r, block.begin, block.end, task.scratch.bias + r, panel_rows);
  }
  for (int64_t r = panel.rows; r < panel.vectors * lanes; r++) {
    for (int64_t k = 0; k < block.end - block.begin; k++) task.scratch.bias[k * panel_rows + r] = 0;
  }
}

// The group of keys of `block` that begins at `begin`, as this panel sees it.
template <AttentionRecipe recipe>
Group make_group(const AttentionTask& task, const Panel& panel, const KeyBlock& block, int64_t begin) {
  Group group{};
  const int64_t row = begin - block.begin;
  group.begin = begin;
  group.end = smaller(begin / key_group * key_group + key_group, smaller(block.end, panel.any.end));
  find_vectors(panel, group);
  group.whole = recipe == attention_plain && panel.all.begin <= group.begin && group.end <= panel.all.end;
  group.key = {block.key.data + row * block.key.stride, block.key.stride};
  group.bias = recipe == attention_biased ? task.scratch.bias + row * panel_rows : nullptr;
  group.weight = task.scratch.weight + row * panel_rows;
  group.before = row;
  return group;
}

// To vectors behind the last that sees a key of the group, its keys are hidden.
inline void hide_from_others(const Panel& panel, const Group& group) {
  for (int64_t j = group.first_vector + group.vectors; j < panel.vectors; j++) {
    for (int64_t k = 0; k < group.end - group.begin; k++) {
      store(group.weight + k * panel_rows + j * lanes, broadcast(-0.0F));
    }
  }
}

// Weights of all groups of the block.
template <AttentionRecipe recipe>
void weigh_block(const AttentionTask& task, const Panel& panel, const KeyBlock& keys, BlockWeights& block) {
  const KeyRange range = intersect(panel.any, {keys.begin, keys.end});
  const int64_t key_dim = task.args->key.shape[3], value_dim = task.args->value.shape[3];
  const int64_t first = larger(keys.begin, range.begin / key_group * key_group);
  const bool whole = recipe == attention_plain && panel.all.begin <= first && range.end <= panel.all.end;
  if (!whole) find_ranges(panel, keys, block.ranges);
  for (int64_t begin = first; begin < range.end; begin = begin / key_group * key_group + key_group) {
    const Group group = make_group<recipe>(task, panel, keys, begin);
    if (group.vectors <= 0) continue;
    with_count<tile_vectors>(group.vectors, [&]<int vectors>() { score_group<vectors>(panel, group, key_dim, block); });
    const int64_t row = group.begin - keys.begin, rows = group.end - group.begin;
    block.append({row, row + rows, group.first_vector});
    if (group.whole) continue;
    hide_from_others(panel, group);
    block.careful |= has_non_finite({keys.value.data + row * keys.value.stride, keys.value.stride}, rows, value_dim);
  }
  weigh_pending(panel, block.pending);
}

template <AttentionRecipe recipe>
void attend(const AttentionTask& task, Panel& panel, const KeyBlock& keys) {
  if (larger(panel.any.begin, keys.begin) >= smaller(panel.any.end, keys.end)) return;
  if (recipe == attention_biased) read_panel_bias(task, panel, keys);
  fill(panel.block_sum, 0);
  fill(panel.block_factor, 1);
  BlockWeights block;
  weigh_block<recipe>(task, panel, keys, block);
  if (block.count == 0) return;
  add_values(task, panel, keys.value, block);
  float* sum = panel.output + task.args->value.shape[3] * panel_rows;
  QKV_UNROLL for (int j = 0; j < tile_vectors; j++) {
    const Floats factor = load(panel.block_factor + j * lanes), added = load(panel.block_sum + j * lanes);
    float* at = sum + j * lanes;
    store(at, panel.output_fresh ? added : fma(load(at), factor, added));
    store(panel.span_factor + j * lanes, load(panel.span_factor + j * lanes) * factor);
  }
  panel.output_fresh = false;
}

template <AttentionRecipe recipe>
void prefill(const AttentionTask& task) {
  Panel panels[max_panels];
  const int64_t count = (task.row_count + panel_rows - 1) / panel_rows;
  for (int64_t p = 0; p < count; p++) {
    panels[p] = open_panel(task, p);
    load_query(task, panels[p]);
  }
  const KeyRange any{panels[0].any.begin, panels[count - 1].any.end};
  for_blocks(task, any, [&](int64_t begin, int64_t end, bool closes_span) {
    const KeyBlock block = key_block(task, larger(begin, any.begin / key_group * key_group), end);
    for (int64_t p = 0; p < count; p++) {
      attend<recipe>(task, panels[p], block);
      if (closes_span) close_span(task, panels[p]);
    }
  });
  for (int64_t p = 0; p < count; p++) store_output(task, panels[p]);
}

}  // namespace
}  // namespace qkv::QKV_ISA
