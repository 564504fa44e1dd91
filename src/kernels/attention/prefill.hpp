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

// Which vectors of the panel see a key of the group.
inline void find_vectors(const Panel& panel, Group& group) {
  int64_t last = 0;
  group.first_vector = panel.vectors;
  for (int64_t j = 0; j < panel.vectors; j++) {
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
  group.whole = recipe == attention_plain;
  for (int64_t j = 0; j < panel.vectors; j++) group.whole &= sees_whole(panel, group, j);
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

struct SegmentList {
  Segment data[max_groups];
  int64_t count = 0;

  void append(const Segment& next) {
    if (count > 0 && data[count - 1].last == next.first && data[count - 1].first_vector == next.first_vector) {
      data[count - 1].last = next.last;
    } else {
      data[count++] = next;
    }
  }
};

// Weights of all groups of the block; returns true if some hidden key has NaN or infinite values.
template <AttentionRecipe recipe>
bool weigh_block(const AttentionTask& task, const Panel& panel, const KeyBlock& block, SegmentList& segments) {
  const KeyRange keys = intersect(panel.any, {block.begin, block.end});
  const int64_t key_dim = task.args->key.shape[3], value_dim = task.args->value.shape[3];
  bool careful = false;
  const int64_t first = larger(block.begin, keys.begin / key_group * key_group);
  for (int64_t begin = first; begin < keys.end; begin = begin / key_group * key_group + key_group) {
    const Group group = make_group<recipe>(task, panel, block, begin);
    if (group.vectors <= 0) continue;
    with_count<tile_vectors>(group.vectors, [&]<int vectors>() { score_group<vectors>(panel, group, key_dim); });
    const int64_t row = group.begin - block.begin, rows = group.end - group.begin;
    segments.append({row, row + rows, group.first_vector});
    if (group.whole) continue;
    hide_from_others(panel, group);
    careful |= has_non_finite({block.value.data + row * block.value.stride, block.value.stride}, rows, value_dim);
  }
  return careful;
}

template <AttentionRecipe recipe>
void attend(const AttentionTask& task, const Panel& panel, const KeyBlock& block) {
  const KeyRange keys = intersect(panel.any, {block.begin, block.end});
  if (keys.begin >= keys.end) return;
  if (recipe == attention_biased) read_panel_bias(task, panel, block);
  fill(panel.block_sum, panel_rows, 0);
  fill(panel.block_factor, panel_rows, 1);
  SegmentList segments;
  const bool careful = weigh_block<recipe>(task, panel, block, segments);
  if (segments.count > 0) add_values(task, panel, block.value, {segments.data, segments.count}, careful);
  float* sum = panel.output + task.args->value.shape[3] * panel_rows;
  for (int64_t j = 0; j < panel.vectors * lanes; j += lanes) {
    const Floats factor = load(panel.block_factor + j);
    store(sum + j, fma(load(sum + j), factor, load(panel.block_sum + j)));
    store(panel.span_factor + j, load(panel.span_factor + j) * factor);
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
