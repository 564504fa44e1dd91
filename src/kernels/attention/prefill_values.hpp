// SPDX-License-Identifier: Apache-2.0
// O^T[value dim][row] += V^T P^T, a few columns of V times all vectors at a time. The sums of a block start at zero and
// then join the output, so that the error grows with keys per block, not with all keys.
#pragma once

#include "kernels/attention/prefill_scores.hpp"

namespace qkv::QKV_ISA {
namespace {

// Consecutive keys of a block that the same vectors see.
struct Segment {
  int64_t first, last;  // keys, relative to the block
  int64_t first_vector, vectors;
  bool careful;  // hidden keys have NaN or infinite values
};

enum class Into {
  add,   // into += sum
  carry  // into is the sum so far
};

template <int columns, int vectors>
QKV_INLINE void sum_values(Scalars value, const float* weight, int64_t keys, float* into, Into mode) {
  RegisterTile<columns, vectors> tile;
  if (mode == Into::carry) {
    tile.load_rows(into, panel_rows);
  } else {
    tile.clear();
  }
  tile.template multiply<Lie::columns>(value, {weight, panel_rows}, keys);
  if (mode == Into::add) tile.add_rows(into, panel_rows);
  tile.store_rows(into, panel_rows);
}

// The same sum without the products of hidden keys, which would be 0 times NaN. Their weight is -0.0.
inline void sum_values_carefully(const float* value, int64_t stride, const float* weight, int64_t keys, float* into,
                                 Into mode) {
  Floats sum = mode == Into::carry ? load(into) : broadcast(0);
  for (int64_t k = 0; k < keys; k++) {
    const Floats factor = load(weight + k * panel_rows);
    const Mask hidden = broadcast(1) / factor < broadcast(0);
    sum = select(hidden, sum, fma(broadcast(value[k * stride]), factor, sum));
  }
  store(into, mode == Into::add ? load(into) + sum : sum);
}

inline void add_segment(const Segment& segment, const KeyBlock& block, const float* weight, int64_t value_dim,
                        float* into, Into mode) {
  const int64_t offset = segment.first_vector * lanes, keys = segment.last - segment.first;
  const Scalars value{block.value.data + segment.first * block.value.stride, block.value.stride};
  weight += segment.first * panel_rows + offset;
  into += offset;
  if (segment.careful) {
    for (int64_t c = 0; c < value_dim; c++) {
      for (int64_t j = 0; j < segment.vectors; j++) {
        sum_values_carefully(value.data + c, value.stride, weight + j * lanes, keys, into + c * panel_rows + j * lanes,
                             mode);
      }
    }
    return;
  }
  with_count<tile_vectors>(segment.vectors, [&]<int vectors>() {
    for_tiles(value_dim, [&]<int columns>(int64_t c) {
      sum_values<columns, vectors>({value.data + c, value.stride}, weight, keys, into + c * panel_rows, mode);
    });
  });
}

inline void add_values(const AttentionTask& task, const Panel& panel, const KeyBlock& block, const Segment* segments,
                       int64_t count) {
  const int64_t value_dim = task.args->value.shape[3];
  const float* weight = task.scratch.weight;
  if (count == 1) return add_segment(segments[0], block, weight, value_dim, panel.output, Into::add);
  float* partial = task.scratch.partial;
  for (int64_t i = 0; i < value_dim * panel_rows; i++) partial[i] = 0;
  for (int64_t s = 0; s < count; s++) add_segment(segments[s], block, weight, value_dim, partial, Into::carry);
  for (int64_t i = 0; i < value_dim * panel_rows; i += lanes) {
    store(panel.output + i, load(panel.output + i) + load(partial + i));
  }
}

}  // namespace
}  // namespace qkv::QKV_ISA
