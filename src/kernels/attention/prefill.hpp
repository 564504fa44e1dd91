// SPDX-License-Identifier: Apache-2.0
// Prefill: queries in lanes. Panels of query rows share each block of K and V while it is in L2.
// Cost per visible (query, key) pair: 2 (key dim + value dim) flops in the two multiply loops, and about 14 vector
// operations per vector of scores.
#pragma once

#include "kernels/attention/prefill_values.hpp"

namespace qkv::QKV_ISA {
namespace {

constexpr int64_t max_panels = (prefill_task_rows + panel_rows - 1) / panel_rows;
constexpr int64_t max_keys_per_block = 512;
constexpr int64_t max_groups = max_keys_per_block / key_group;

inline KeyRange intersect(KeyRange a, KeyRange b) {
  return {larger(a.begin, b.begin), smaller(a.end, b.end)};
}

// Which vectors of the panel see a key of the group: a run, because rows are in order of position.
inline void find_vectors(const Panel& panel, Group& group) {
  int64_t last = 0;
  group.first_vector = tile_vectors;
  for (int64_t j = 0; j < tile_vectors; j++) {
    if (panel.seen[j].begin < group.end && panel.seen[j].end > group.begin) {
      group.first_vector = smaller(group.first_vector, j);
      last = j + 1;
    }
  }
  group.vectors = last - group.first_vector;
}

inline void read_panel_bias(const AttentionTask& task, const Panel& panel, const KeyBlock& block) {
  for (int64_t r = 0; r < panel.rows; r++) {
    read_bias(task, panel.first_row + r, block.begin, block.end, task.scratch.bias + r, panel_rows);
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

inline void append(Segment* segments, int64_t& count, const Segment& next) {
  if (count > 0) {
    Segment& last = segments[count - 1];
    if (last.last == next.first && last.first_vector == next.first_vector && last.vectors == next.vectors &&
        last.careful == next.careful) {
      last.last = next.last;
      return;
    }
  }
  segments[count++] = next;
}

template <AttentionRecipe recipe>
void attend(const AttentionTask& task, const Panel& panel, const KeyBlock& block) {
  const KeyRange keys = intersect(panel.any, {block.begin, block.end});
  if (keys.begin >= keys.end) return;
  const int64_t key_dim = task.args->key.shape[3], value_dim = task.args->value.shape[3];
  if (recipe == attention_biased) read_panel_bias(task, panel, block);
  for (int j = 0; j < tile_vectors; j++) store(panel.block_sum + j * lanes, broadcast(0));
  Segment segments[max_groups];
  int64_t count = 0;
  const int64_t first = larger(block.begin, keys.begin / key_group * key_group);
  for (int64_t begin = first; begin < keys.end; begin = begin / key_group * key_group + key_group) {
    const Group group = make_group<recipe>(task, panel, block, begin);
    if (group.vectors <= 0) continue;
    with_count<tile_vectors>(group.vectors,
                             [&]<int vectors>() { score_group<vectors>(panel, group, key_dim, value_dim); });
    const int64_t row = group.begin - block.begin, rows = group.end - group.begin;
    const bool careful =
        !group.whole &&
        has_non_finite({block.value.data + row * block.value.stride, block.value.stride}, rows, value_dim);
    append(segments, count, {row, row + rows, group.first_vector, group.vectors, careful});
  }
  if (count > 0) add_values(task, panel, block, segments, count);
  for (int j = 0; j < tile_vectors; j++) {
    store(panel.sum + j * lanes, load(panel.sum + j * lanes) + load(panel.block_sum + j * lanes));
  }
}

template <AttentionRecipe recipe>
void prefill(const AttentionTask& task) {
  Panel panels[max_panels];
  const int64_t count = (task.row_count + panel_rows - 1) / panel_rows;
  KeyRange any{0, 0};
  for (int64_t p = 0; p < count; p++) {
    panels[p] = open_panel(task, p);
    load_query(task, panels[p]);
    any = cover(any, panels[p].any);
  }
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
