// SPDX-License-Identifier: Apache-2.0
// From one group of keys to weights: S^T[key][row] = K Q^T, so that maximum and sum run along registers, not across
// them.
#pragma once

#include "kernels/attention/prefill_weights.hpp"
#include "kernels/simd/partition.hpp"

namespace qkv::QKV_ISA {
namespace {

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
      block.raised |= raise_vector(panel, group, block, vector, top[j]);
    }
    if (!later) weigh_vector(panel, group, vector, hides);
  }
  if (later) block.pending = {group.weight, group.first_vector, vectors};
}

}  // namespace
}  // namespace qkv::QKV_ISA
