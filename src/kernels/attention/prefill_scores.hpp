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
  int64_t before;     // keys of the same block before `begin`
};

// Weights that are still scores, to be computed beside the products of the next group, whose multiply-adds leave other
// units idle. All rows see all key_group keys.
struct Pending {
  float* weight;  // [key_group][panel_rows]; null: nothing is pending
  int64_t first_vector, vectors;
};

// Consecutive keys of a block that vectors from `first_vector` on see. To vectors behind the last that sees them they
// have weight 0.
struct Segment {
  int64_t first, last;  // keys, relative to the block
  int64_t first_vector;
};

// Relative to the block: row r sees keys [begin[r], end[r]). Small integers, exact as floats.
struct LaneRanges {
  alignas(64) float begin[panel_rows], end[panel_rows];
};

constexpr int64_t max_segments = max_keys_per_block / key_group;

// What a panel makes of a block of keys.
struct BlockWeights {
  Segment segments[max_segments];
  int64_t count = 0;     // of segments
  bool careful = false;  // some hidden key has NaN or infinite values
  bool raised = false;   // some maximum moved: block_factor is not 1 everywhere
  Pending pending{};
  LaneRanges ranges;  // only where some row does not see the whole block

  // All vectors see all keys from the first on: the common case, and worth a loop of its own.
  bool whole() const { return count == 1 && segments[0].first == 0 && segments[0].first_vector == 0; }

  void append(const Segment& next) {
    if (count > 0 && segments[count - 1].last == next.first && segments[count - 1].first_vector == next.first_vector) {
      segments[count - 1].last = next.last;
    } else {
      segments[count++] = next;
    }
  }
};

QKV_INLINE bool sees_whole(const Panel& panel, const Group& group, int64_t vector) {
  return panel.whole[vector].begin <= group.begin && group.end <= panel.whole[vector].end;
}

inline void find_ranges(const Panel& panel, const KeyBlock& keys, LaneRanges& ranges) {
  const int64_t count = keys.end - keys.begin;
  for (int64_t r = 0; r < panel_rows; r++) {
    const KeyRange visible = r < panel.rows ? panel.visible[r] : KeyRange{0, 0};
    ranges.begin[r] = static_cast<float>(smaller(count, larger(0, visible.begin - keys.begin)));
    ranges.end[r] = static_cast<float>(smaller(count, larger(0, visible.end - keys.begin)));
  }
}

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
    top = max(select(visible, score, hidden), top);
    store(at, select(visible, finite_from_below(score), hidden));
  }
  return top;
}

QKV_INLINE void scale_column(float* values, int64_t rows, Floats factor) {
  for (int64_t i = 0; i < rows; i++) store(values + i * panel_rows, load(values + i * panel_rows) * factor);
}

// Moves the shift of one vector where this group exceeds it; returns whether what was summed before must be rescaled.
// What earlier blocks gave is, when this block joins it.
inline bool raise_vector(const Panel& panel, const Group& group, int64_t offset, Floats top) {
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
  if (xsimd::all(change.factor == broadcast(1))) return false;
  scale_column(group.weight - group.before * panel_rows + offset, group.before, change.factor);
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

// What the tiles of a group share.
struct ScorePass {
  const Panel& panel;
  const Group& group;
  int64_t depth, chunk, key_dim;  // dimensions [depth, depth + chunk) of key_dim
};

template <int keys, int vectors, class Multiply>
QKV_INLINE void score_tile(const ScorePass& pass, int64_t first, Floats (&top)[size_t{vectors}], Multiply&& multiply) {
  const Group& group = pass.group;
  const int64_t offset = group.first_vector * lanes;
  float* score = group.weight + first * panel_rows + offset;
  RegisterTile<keys, vectors> tile;
  tile.clear();
  multiply(tile, Scalars{group.key.data + first * group.key.stride + pass.depth, group.key.stride},
           Vectors{pass.panel.query + pass.depth * panel_rows + offset, panel_rows});
  if (pass.depth > 0) tile.add_rows(score, panel_rows);
  tile.store_rows(score, panel_rows);
  if (pass.depth + pass.chunk == pass.key_dim) tile.raise_to_top(top);
}

// Scores of the group and their maxima. A chunk of the query serves all keys while it is in L1.
template <int vectors>
QKV_INLINE void multiply_keys(const Panel& panel, const Group& group, int64_t key_dim, Pending& pending,
                              Floats (&top)[size_t{vectors}]) {
  const int64_t keys = group.end - group.begin;
  if (keys < key_group) weigh_pending(panel, pending);
  int64_t depth = 0;
  do {
    const int64_t chunk = smaller(depth_chunk, key_dim - depth);
    const ScorePass pass{panel, group, depth, chunk, key_dim};
    if (pending.weight != nullptr) {
      for (int64_t first = 0; first < key_group; first += beside_keys) {
        score_tile<beside_keys, vectors>(pass, first, top, [&](auto& tile, Scalars key, Vectors query) {
          multiply_beside(tile, key, query, chunk, panel, pending, first);
        });
      }
      pending.weight = nullptr;
    } else {
      for_tiles<vectors>(keys, [&]<int rows>(int64_t first) {
        score_tile<rows, vectors>(pass, first, top, [&](auto& tile, Scalars key, Vectors query) {
          tile.template multiply<Lie::rows>(key, query, chunk);
        });
      });
    }
    depth += chunk;
  } while (depth < key_dim);
}

template <int vectors>
void score_group(const Panel& panel, const Group& group, int64_t key_dim, BlockWeights& block) {
  Floats top[size_t{vectors}];
  QKV_UNROLL for (int j = 0; j < vectors; j++) top[j] = broadcast(-infinity);
  multiply_keys<vectors>(panel, group, key_dim, block.pending, top);
  // A tile of fewer sums would wait for them.
  constexpr bool enough_sums = beside_keys * vectors >= 12;
  const bool later = weighs_beside_products && enough_sums && group.whole && group.end - group.begin == key_group;
  QKV_UNROLL for (int j = 0; j < vectors; j++) {
    const int64_t vector = group.first_vector + j, offset = vector * lanes;
    const bool hides = !group.whole && (group.bias != nullptr || !sees_whole(panel, group, vector));
    if (hides) top[j] = hide_keys(group, block.ranges, vector);
    if (xsimd::any(top[j] > load(panel.limit + offset) || load(panel.shift + offset) != load(panel.folded + offset))) {
      block.raised |= raise_vector(panel, group, offset, top[j]);
    }
    if (!later) weigh_vector(panel, group, vector, hides);
  }
  if (later) block.pending = {group.weight, group.first_vector, vectors};
}

}  // namespace
}  // namespace qkv::QKV_ISA
