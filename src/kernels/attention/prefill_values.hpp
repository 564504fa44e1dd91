// SPDX-License-Identifier: Apache-2.0
// O^T[value dim][row] += V^T P^T, a few columns of V times all vectors at a time. The sums of a block start at zero and
// then join the output, so that the error grows with keys per block, not with all keys.
#pragma once

#include "kernels/attention/prefill_scores.hpp"

namespace qkv::QKV_ISA {
namespace {

// Consecutive keys of a block that vectors from `first_vector` on see. To vectors behind the last that sees them they
// have weight 0.
struct Segment {
  int64_t first, last;  // keys, relative to the block
  int64_t first_vector;
};

struct Segments {
  const Segment* data;
  int64_t count;
};

// The columns of V that one tile sums, and where their sums go.
struct ValueTile {
  Scalars value;        // of the block's first key
  const float* weight;  // [key][panel_rows]
  float* into;          // [column][panel_rows]
  const float* factor;  // [panel_rows]: of what `into` holds
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
QKV_INLINE void sum_values(const ValueTile& at, Segments segments) {
  RegisterTile<columns, vectors> tile;
  tile.clear();
  for (int64_t s = 0; s < segments.count; s++) sum_segment(tile, at, segments.data[s]);
  tile.add_scaled_rows(at.into, panel_rows, at.factor);
  tile.store_rows(at.into, panel_rows);
}

// The same sum without the products of hidden keys, which would be 0 times NaN. Their weight is -0.0.
inline void sum_values_carefully(const ValueTile& at, Segments segments, int64_t vectors) {
  for (int64_t j = 0; j < vectors * lanes; j += lanes) {
    Floats sum = broadcast(0);
    for (const Segment* segment = segments.data; segment != segments.data + segments.count; segment++) {
      if (j < segment->first_vector * lanes) continue;
      for (int64_t k = segment->first; k < segment->last; k++) {
        const Floats weight = load(at.weight + k * panel_rows + j);
        const Mask hidden = broadcast(1) / weight < broadcast(0);
        sum = select(hidden, sum, fma(broadcast(at.value.data[k * at.value.stride]), weight, sum));
      }
    }
    store(at.into + j, fma(load(at.into + j), load(at.factor + j), sum));
  }
}

// Adds a block to the output of the panel. `careful`: some hidden key has NaN or infinite values.
inline void add_values(const AttentionTask& task, const Panel& panel, Scalars value, Segments segments, bool careful) {
  const int64_t value_dim = task.args->value.shape[3];
  const auto tile_at = [&](int64_t column) {
    return ValueTile{{value.data + column, value.stride},
                     task.scratch.weight,
                     panel.output + column * panel_rows,
                     panel.block_factor};
  };
  if (careful) {
    for (int64_t c = 0; c < value_dim; c++) sum_values_carefully(tile_at(c), segments, panel.vectors);
    return;
  }
  with_count<tile_vectors>(panel.vectors, [&]<int vectors>() {
    for_tiles(value_dim, [&]<int columns>(int64_t c) { sum_values<columns, vectors>(tile_at(c), segments); });
  });
}

}  // namespace
}  // namespace qkv::QKV_ISA
