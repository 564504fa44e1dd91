// SPDX-License-Identifier: Apache-2.0
// From scores to weights: hiding, raising the maximum, 2^(score - shift), alone or beside the next products.
#pragma once

#include "kernels/attention/prefill_block.hpp"
#include "kernels/simd/register_tile.hpp"

namespace qkv::QKV_ISA {
namespace {

// Adds the bias and turns scores of hidden keys into -inf; returns the maxima.
inline Floats hide_keys(const Group& group, const LaneRanges& ranges, int64_t vector) {
  const Floats begin = load(ranges.begin + vector * lanes), end = load(ranges.end + vector * lanes);
  const Floats hidden = broadcast(-infinity);
  Floats top = hidden;
  for (int64_t k = 0; k < group.end - group.begin; k++) {
    float* at = group.weight + k * panel_rows + vector * lanes;
    const Floats key = broadcast(static_cast<float>(group.before + k));
    Mask visible = key >= begin && key < end;
    Floats score = load(at);
    if (group.bias != nullptr) {
      const Floats bias = load(group.bias + k * panel_rows + vector * lanes);
      visible = visible && !(bias == hidden);  // NaN shows
      score = score + bias;
    }
    const JudgedScore judged = judge(score, visible);
    top = max(judged.for_maximum, top);
    store(at, judged.stored);
  }
  return top;
}

QKV_INLINE void scale_column(float* values, int64_t rows, Floats factor) {
  for (int64_t i = 0; i < rows; i++) store(values + i * panel_rows, load(values + i * panel_rows) * factor);
}

// Moves the shift of one vector where this group exceeds it; returns whether what was summed before must be rescaled.
// What earlier blocks gave is, when this block joins it.
inline bool raise_vector(const Panel& panel, const Group& group, const BlockWeights& block, int64_t vector,
                         Floats top) {
  const int64_t offset = vector * lanes;
  SoftmaxState state{load(panel.shift + offset), load(panel.folded + offset), load(panel.limit + offset)};
  const Raise change = raise(state, top);
  store(panel.shift + offset, state.shift);
  store(panel.folded + offset, state.folded);
  store(panel.limit + offset, state.limit);
  if (xsimd::any(change.delta != broadcast(0))) {
    for (int64_t k = 0; k < group.end - group.begin; k++) {
      float* at = group.weight + k * panel_rows + offset;
      store(at, relative_score(load(at), change.delta));
    }
  }
  if (xsimd::all(change.factor == broadcast(1))) return false;
  float* weight = group.weight - group.before * panel_rows + offset;
  for (const Segment* segment = block.segments; segment != block.segments + block.count; segment++) {
    if (vector < segment->first_vector) continue;
    scale_column(weight + segment->first * panel_rows, segment->last - segment->first, change.factor);
  }
  scale_column(panel.block_sum + offset, 1, change.factor);
  scale_column(panel.block_factor + offset, 1, change.factor);
  return true;
}

// Sums of weights go by fours of keys, then by block, whichever way the weights come about.
constexpr int64_t keys_per_sum = 4;

// Scores of `keys` keys of one vector to weights, those of hidden keys to -0.0.
QKV_INLINE void weigh_vector(const Panel& panel, const Group& group, int64_t vector, bool hides) {
  const int64_t offset = vector * lanes, keys = group.end - group.begin;
  const FoldedShift shift = fold_shift(load(panel.folded + offset));
  Floats block_sum = load(panel.block_sum + offset);
  for (int64_t first = 0; first < keys; first += keys_per_sum) {
    Floats sum = broadcast(0);
    for (int64_t k = first; k < smaller(keys, first + keys_per_sum); k++) {
      float* at = group.weight + k * panel_rows + offset;
      const Floats score = load(at), weight = exp2(score, shift);
      sum = sum + weight;
      store(at, hides ? select(score == broadcast(-infinity), broadcast(-0.0F), weight) : weight);
    }
    block_sum = block_sum + sum;
  }
  store(panel.block_sum + offset, block_sum);
}

inline void weigh_pending(const Panel& panel, Pending& pending) {
  if (pending.weight == nullptr) return;
  Group group{};
  group.end = key_group;
  group.weight = pending.weight;
  for (int64_t j = 0; j < pending.vectors; j++) weigh_vector(panel, group, pending.first_vector + j, false);
  pending.weight = nullptr;
}

// Keys of a tile with weights computed beside it: few enough to leave registers.
constexpr int beside_keys = keys_per_sum;

// Multiplies a tile of the group, and turns rows [row, row + beside_keys) of the pending scores into weights.
template <int vectors>
QKV_INLINE void multiply_beside(RegisterTile<beside_keys, vectors>& tile, Scalars key, Vectors query, int64_t depth,
                                const Panel& panel, const Pending& pending, int64_t row) {
  // The usual case apart: a division by a variable takes as long as 30 multiply-adds.
  const int64_t steps =
      pending.vectors == tile_vectors ? depth / (beside_keys * tile_vectors) : depth / (beside_keys * pending.vectors);
  for (int64_t j = 0; j < pending.vectors; j++) {
    const int64_t offset = (pending.first_vector + j) * lanes;
    const FoldedShift shift = fold_shift(load(panel.folded + offset));
    float* at = pending.weight + row * panel_rows + offset;
    Floats sum = broadcast(0);
    QKV_UNROLL for (int i = 0; i < beside_keys; i++) {
      tile.template multiply<Lie::rows>(key, query, steps);
      key.data += steps;
      query.data += steps * query.stride;
      const Floats weight = exp2(load(at + i * panel_rows), shift);
      sum = sum + weight;
      store(at + i * panel_rows, weight);
    }
    store(panel.block_sum + offset, load(panel.block_sum + offset) + sum);
  }
  tile.template multiply<Lie::rows>(key, query, depth - steps * beside_keys * pending.vectors);
}

}  // namespace
}  // namespace qkv::QKV_ISA
