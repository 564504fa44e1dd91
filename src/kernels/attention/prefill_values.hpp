// SPDX-License-Identifier: Apache-2.0
// O^T[value dim][row] += V^T P^T, a few columns of V times all vectors at a time. The sums of a block start at zero and
// then join the output, so that the error grows with keys per block, not with all keys.
#pragma once

#include "kernels/attention/prefill_scores.hpp"

namespace qkv::QKV_ISA {
namespace {

// The columns of V that one tile sums, and where their sums go.
struct ValueTile {
  Scalars value;        // of the block's first key
  const float* weight;  // [key][panel_rows]
  float* into;          // [column][panel_rows]
  const float* factor;  // [panel_rows]: of what `into` holds; null: 1
  bool fresh;           // `into` holds nothing
};

template <int columns, int vectors>
QKV_INLINE void sum_segment(RegisterTile<columns, vectors>& tile, const ValueTile& at, const Segment& segment) {
  const Scalars value{at.value.data + segment.first * at.value.stride, at.value.stride};
  const Vectors weight{at.weight + segment.first * panel_rows, panel_rows};
  const int64_t keys = segment.last - segment.first;
  with_count<vectors>(vectors - segment.first_vector,
                      [&]<int seen>() { tile.template multiply<Lie::columns, vectors - seen>(value, weight, keys); });
}

template <int columns, int vectors>
QKV_INLINE void sum_values(const ValueTile& at, const BlockWeights& block) {
  RegisterTile<columns, vectors> tile;
  tile.clear();
  if (block.whole()) {
    tile.template multiply<Lie::columns>(at.value, {at.weight, panel_rows}, block.segments[0].last);
  } else {
    for (int64_t s = 0; s < block.count; s++) sum_segment(tile, at, block.segments[s]);
  }
  if (!at.fresh) {
    at.factor == nullptr ? tile.add_rows(at.into, panel_rows) : tile.add_scaled_rows(at.into, panel_rows, at.factor);
  }
  tile.store_rows(at.into, panel_rows);
}

// The same sum without the products of hidden keys, which would be 0 times NaN. Their weight is -0.0.
inline void sum_values_carefully(const ValueTile& at, const BlockWeights& block, int64_t vectors) {
  for (int64_t j = 0; j < vectors; j++) {
    Floats sum = broadcast(0);
    for (const Segment* segment = block.segments; segment != block.segments + block.count; segment++) {
      if (j < segment->first_vector) continue;
      for (int64_t k = segment->first; k < segment->last; k++) {
        const Floats weight = load(at.weight + k * panel_rows + j * lanes);
        sum = select(is_hidden(weight), sum, fma(broadcast(at.value.data[k * at.value.stride]), weight, sum));
      }
    }
    float* into = at.into + j * lanes;
    const Floats factor = at.factor == nullptr ? broadcast(1) : load(at.factor + j * lanes);
    store(into, at.fresh ? sum : fma(load(into), factor, sum));
  }
}

// Adds a block to the output of the panel.
inline void add_values(const AttentionTask& task, const Panel& panel, Scalars value, const BlockWeights& block) {
  const int64_t value_dim = task.args->value.shape[3];
  const float* factor = block.raised ? panel.block_factor : nullptr;
  const auto tile_at = [&](int64_t column) {
    return ValueTile{{value.data + column, value.stride},
                     task.scratch.weight,
                     panel.output + column * panel_rows,
                     factor,
                     panel.output_fresh};
  };
  if (block.careful) {
    for (int64_t c = 0; c < value_dim; c++) sum_values_carefully(tile_at(c), block, panel.vectors);
    return;
  }
  with_count<tile_vectors>(panel.vectors, [&]<int vectors>() {
    for_tiles<vectors>(value_dim, [&]<int columns>(int64_t c) { sum_values<columns, vectors>(tile_at(c), block); });
  });
}

}  // namespace
}  // namespace qkv::QKV_ISA
