// SPDX-License-Identifier: Apache-2.0
// From one group of keys to weights: S^T[key][row] = K Q^T, so that maximum and sum run along registers, not across
// them. Accumulators start at -base: subtracting the maximum costs nothing.
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

// Relative to the group: row r sees keys [begin[r], end[r]). Small integers, exact as floats.
struct LaneRanges {
  alignas(64) float begin[panel_rows], end[panel_rows];
};

inline void relative_ranges(const Panel& panel, const Group& group, LaneRanges& ranges) {
  const int64_t keys = group.end - group.begin;
  for (int64_t r = 0; r < panel_rows; r++) {
    const KeyRange visible = r < panel.rows ? panel.visible[r] : KeyRange{0, 0};
    ranges.begin[r] = static_cast<float>(smaller(keys, larger(0, visible.begin - group.begin)));
    ranges.end[r] = static_cast<float>(smaller(keys, larger(0, visible.end - group.begin)));
  }
}

// Adds the bias, turns scores of hidden keys into -inf and finds the maxima anew.
template <int vectors>
void hide_keys(const Panel& panel, const Group& group, Floats (&top)[size_t{vectors}]) {
  LaneRanges ranges;
  relative_ranges(panel, group, ranges);
  const Floats hidden = broadcast(-infinity);
  for (int j = 0; j < vectors; j++) {
    const int64_t offset = (group.first_vector + j) * lanes;
    const Floats begin = load(ranges.begin + offset), end = load(ranges.end + offset);
    top[j] = hidden;
    for (int64_t k = 0; k < group.end - group.begin; k++) {
      float* at = group.weight + k * panel_rows + offset;
      const Floats key = broadcast(static_cast<float>(k));
      Floats score = load(at);
      if (group.bias != nullptr) {
        const Floats bias = load(group.bias + k * panel_rows + offset);
        score = select(bias == hidden, hidden, score + bias);
      }
      score = select(key >= begin && key < end, score, hidden);
      store(at, score);
      top[j] = max(score, top[j]);
    }
  }
}

QKV_INLINE void scale_column(float* values, int64_t rows, Floats factor) {
  for (int64_t i = 0; i < rows; i++) store(values + i * panel_rows, load(values + i * panel_rows) * factor);
}

// Moves the shift of one vector where this group exceeds it, and makes its scores relative to the shift.
inline void raise_vector(const Panel& panel, const Group& group, int64_t value_dim, int64_t offset, Floats top) {
  SoftmaxState state{load(panel.shift + offset), load(panel.base + offset), load(panel.limit + offset)};
  const Raise change = raise(state, top);
  store(panel.shift + offset, state.shift);
  store(panel.base + offset, state.base);
  store(panel.limit + offset, state.limit);
  for (int64_t k = 0; k < group.end - group.begin; k++) {
    float* at = group.weight + k * panel_rows + offset;
    store(at, load(at) - change.delta);
  }
  scale_column(group.weight - group.before * panel_rows + offset, group.before, change.factor);
  scale_column(panel.output + offset, value_dim + 1, change.factor);
  scale_column(panel.total + offset, value_dim + 1, change.factor);
  scale_column(panel.block_sum + offset, 1, change.factor);
}

// Scores to weights, summed by group. A hidden key's weight is -0.0: adds nothing, and can be told from an underflow.
template <int vectors>
QKV_INLINE void weigh_keys(const Panel& panel, const Group& group) {
  Floats sum[size_t{vectors}];
  const int64_t offset = group.first_vector * lanes;
  QKV_UNROLL for (int j = 0; j < vectors; j++) sum[j] = broadcast(0);
  QKV_NO_UNROLL for (int64_t k = 0; k < group.end - group.begin; k++) {
    float* at = group.weight + k * panel_rows + offset;
    QKV_UNROLL for (int j = 0; j < vectors; j++) {
      const Floats score = load(at + j * lanes);
      Floats weight = exp2(score);
      sum[j] = sum[j] + weight;
      if (!group.whole) weight = select(score == broadcast(-infinity), broadcast(-0.0F), weight);
      store(at + j * lanes, weight);
    }
  }
  QKV_UNROLL for (int j = 0; j < vectors; j++) {
    float* block_sum = panel.block_sum + offset + j * lanes;
    store(block_sum, load(block_sum) + sum[j]);
  }
}

// Scores of the group relative to `start`, and their maxima. A chunk of the query serves all keys while it is in L1.
template <int vectors>
QKV_INLINE void multiply_keys(const Panel& panel, const Group& group, int64_t key_dim,
                              const Floats (&start)[size_t{vectors}], Floats (&top)[size_t{vectors}]) {
  const int64_t offset = group.first_vector * lanes;
  int64_t depth = 0;
  do {
    const int64_t chunk = smaller(depth_chunk, key_dim - depth);
    for_tiles(group.end - group.begin, [&]<int keys>(int64_t first) {
      float* score = group.weight + first * panel_rows + offset;
      RegisterTile<keys, vectors> tile;
      depth == 0 ? tile.start_with(start) : tile.clear();
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
void score_group(const Panel& panel, const Group& group, int64_t key_dim, int64_t value_dim) {
  const int64_t offset = group.first_vector * lanes;
  Floats top[size_t{vectors}], start[size_t{vectors}];
  QKV_UNROLL for (int j = 0; j < vectors; j++) {
    top[j] = broadcast(-infinity);
    start[j] = broadcast(0) - load(panel.base + offset + j * lanes);
  }
  multiply_keys<vectors>(panel, group, key_dim, start, top);
  if (!group.whole) hide_keys<vectors>(panel, group, top);
  QKV_UNROLL for (int j = 0; j < vectors; j++) {
    const int64_t at = offset + j * lanes;
    if (xsimd::any(top[j] > load(panel.limit + at) || load(panel.shift + at) != load(panel.base + at))) {
      raise_vector(panel, group, value_dim, at, top[j]);
    }
  }
  weigh_keys<vectors>(panel, group);
}

}  // namespace
}  // namespace qkv::QKV_ISA
