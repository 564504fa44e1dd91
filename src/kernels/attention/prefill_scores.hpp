// SPDX-License-Identifier: Apache-2.0
// From one group of keys to weights: S^T[key][row] = K Q^T, so that maximum and sum run along registers, not across
// them.
#pragma once

#include "kernels/attention/prefill_panel.hpp"
#include "kernels/simd/partition.hpp"

namespace qkv::QKV_ISA {
namespace {

// Keys [begin, end) inside one key_group, seen by vectors [first_vector, first_vector + vectors) of the panel.
struct Group {
  int64_t begin, end;
  int64_t first_vector, vectors;
  bool whole;         // every row sees every key, and nothing is added to the scores
  Scalars key;        // of key `begin`
  const float* bias;  // [key][panel_rows], or null
  float* weight;      // [key][panel_rows], of key `begin`
  int64_t before;     // rows of the same block before `weight`
};

QKV_INLINE bool sees_whole(const Panel& panel, const Group& group, int64_t vector) {
  return panel.whole[vector].begin <= group.begin && group.end <= panel.whole[vector].end;
}

// Relative to the group: row r sees keys [begin[r], end[r]). Small integers, exact as floats.
struct LaneRanges {
  alignas(64) float begin[lanes], end[lanes];
};

inline void relative_ranges(const Panel& panel, const Group& group, int64_t vector, LaneRanges& ranges) {
  const int64_t keys = group.end - group.begin;
  for (int64_t lane = 0; lane < lanes; lane++) {
    const int64_t r = vector * lanes + lane;
    const KeyRange visible = r < panel.rows ? panel.visible[r] : KeyRange{0, 0};
    ranges.begin[lane] = static_cast<float>(smaller(keys, larger(0, visible.begin - group.begin)));
    ranges.end[lane] = static_cast<float>(smaller(keys, larger(0, visible.end - group.begin)));
  }
}

// Adds the bias and turns scores of hidden keys into -inf; returns the maxima.
inline Floats hide_keys(const Panel& panel, const Group& group, int64_t vector) {
  LaneRanges ranges;
  relative_ranges(panel, group, vector, ranges);
  const Floats begin = load(ranges.begin), end = load(ranges.end), hidden = broadcast(-infinity);
  Floats top = hidden;
  for (int64_t k = 0; k < group.end - group.begin; k++) {
    float* at = group.weight + k * panel_rows + vector * lanes;
    const Floats key = broadcast(static_cast<float>(k));
    Mask visible = key >= begin && key < end;
    Floats score = load(at);
    if (group.bias != nullptr) {
      const Floats bias = load(group.bias + k * panel_rows + vector * lanes);
      visible = visible && !(bias == hidden);  // NaN shows
      score = score + bias;
    }
    top = max(select(visible, score, hidden), top);
    store(at, select(visible, finite_from_below(score), hidden));
  }
  return top;
}

QKV_INLINE void scale_column(float* values, int64_t rows, Floats factor) {
  for (int64_t i = 0; i < rows; i++) store(values + i * panel_rows, load(values + i * panel_rows) * factor);
}

// Moves the shift of one vector where this group exceeds it. What earlier blocks gave is rescaled when this block joins
// it.
inline void raise_vector(const Panel& panel, const Group& group, int64_t offset, Floats top) {
  SoftmaxState state{load(panel.shift + offset), load(panel.folded + offset), load(panel.limit + offset)};
  const Raise change = raise(state, top);
  store(panel.shift + offset, state.shift);
  store(panel.folded + offset, state.folded);
  store(panel.limit + offset, state.limit);
  if (xsimd::any(change.delta != broadcast(0))) {
    for (int64_t k = 0; k < group.end - group.begin; k++) {
      float* at = group.weight + k * panel_rows + offset;
      store(at, load(at) - change.delta);
    }
  }
  if (xsimd::all(change.factor == broadcast(1))) return;
  scale_column(group.weight - group.before * panel_rows + offset, group.before, change.factor);
  scale_column(panel.block_sum + offset, 1, change.factor);
  scale_column(panel.block_factor + offset, 1, change.factor);
}

// Scores to weights, summed by group. A hidden key's weight is -0.0.
template <int vectors>
QKV_INLINE void weigh_keys(const Panel& panel, const Group& group, const bool (&hides)[size_t{vectors}]) {
  const int64_t offset = group.first_vector * lanes;
  Floats sum[size_t{vectors}];
  FoldedShift shift[size_t{vectors}];
  QKV_UNROLL for (int j = 0; j < vectors; j++) {
    sum[j] = broadcast(0);
    shift[j] = fold_shift(load(panel.folded + offset + j * lanes));
  }
  QKV_NO_UNROLL for (int64_t k = 0; k < group.end - group.begin; k++) {
    float* at = group.weight + k * panel_rows + offset;
    QKV_UNROLL for (int j = 0; j < vectors; j++) {
      const Floats score = load(at + j * lanes);
      Floats weight = exp2(score, shift[j]);
      sum[j] = sum[j] + weight;
      if (hides[j]) weight = select(score == broadcast(-infinity), broadcast(-0.0F), weight);
      store(at + j * lanes, weight);
    }
  }
  QKV_UNROLL for (int j = 0; j < vectors; j++) {
    float* block_sum = panel.block_sum + offset + j * lanes;
    store(block_sum, load(block_sum) + sum[j]);
  }
}

// Scores of the group and their maxima. A chunk of the query serves all keys while it is in L1.
template <int vectors>
QKV_INLINE void multiply_keys(const Panel& panel, const Group& group, int64_t key_dim, Floats (&top)[size_t{vectors}]) {
  const int64_t offset = group.first_vector * lanes;
  int64_t depth = 0;
  do {
    const int64_t chunk = smaller(depth_chunk, key_dim - depth);
    for_tiles(group.end - group.begin, [&]<int keys>(int64_t first) {
      float* score = group.weight + first * panel_rows + offset;
      RegisterTile<keys, vectors> tile;
      tile.clear();
      tile.template multiply<Lie::rows>({group.key.data + first * group.key.stride + depth, group.key.stride},
                                        {panel.query + depth * panel_rows + offset, panel_rows}, chunk);
      if (depth > 0) tile.add_rows(score, panel_rows);
      tile.store_rows(score, panel_rows);
      if (depth + chunk == key_dim) tile.raise_to_top(top);
    });
    depth += chunk;
  } while (depth < key_dim);
}

template <int vectors>
void score_group(const Panel& panel, const Group& group, int64_t key_dim) {
  Floats top[size_t{vectors}];
  bool hides[size_t{vectors}] = {};
  QKV_UNROLL for (int j = 0; j < vectors; j++) top[j] = broadcast(-infinity);
  multiply_keys<vectors>(panel, group, key_dim, top);
  QKV_UNROLL for (int j = 0; j < vectors; j++) {
    const int64_t vector = group.first_vector + j, offset = vector * lanes;
    hides[j] = !group.whole && (group.bias != nullptr || !sees_whole(panel, group, vector));
    if (hides[j]) top[j] = hide_keys(panel, group, vector);
    if (xsimd::any(top[j] > load(panel.limit + offset) || load(panel.shift + offset) != load(panel.folded + offset))) {
      raise_vector(panel, group, offset, top[j]);
    }
  }
  weigh_keys<vectors>(panel, group, hides);
}

}  // namespace
}  // namespace qkv::QKV_ISA
