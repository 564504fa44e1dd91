// SPDX-License-Identifier: Apache-2.0
// Scores of a few query rows: each key is read once, in the order of memory, and multiplied with several rows. A dot
// product is as many sums as a vector has lanes; those of as many keys are transposed and added up together.
#pragma once

#include "kernels/attention/decode_rows.hpp"
#include "kernels/simd/load_store.hpp"
#include "kernels/simd/partition.hpp"

namespace qkv::QKV_ISA {
namespace {

constexpr int dot_keys = 4;                             // keys of a tile
constexpr int dot_rows = register_count >= 32 ? 4 : 2;  // at most

// Keys of one group, one per lane. Lanes past the last key repeat it.
using KeyGroup = const float * [size_t{lanes}];

// Rows of K or V that will be read later. The two take turns, too short for a prefetcher in hardware to start: each
// asks for the rows about 4 KiB further on (on Zen 5, half and twice as far were slower). That of a head's last is in
// vain.
struct RowsAhead {
  uintptr_t at, stride;  // in bytes
};
inline RowsAhead rows_ahead(Scalars rows, int64_t dim) {
  const auto stride = static_cast<uintptr_t>(rows.stride) * sizeof(float);
  return {reinterpret_cast<uintptr_t>(rows.data) + stride * static_cast<uintptr_t>(larger(4, 1024 / larger(1, dim))),
          stride};
}
// A piece of `bytes` of each of `count` rows.
template <int count, int bytes>
QKV_INLINE void prefetch_rows(RowsAhead rows, int64_t first, int64_t column) {
  const uintptr_t at =
      rows.at + static_cast<uintptr_t>(first) * rows.stride + static_cast<uintptr_t>(column) * sizeof(float);
  QKV_UNROLL for (uintptr_t i = 0; i < count; i++) prefetch<bytes>(reinterpret_cast<const void*>(at + i * rows.stride));
}

template <int rows>
struct DotTile {
  Floats sum[size_t{dot_keys}][size_t{rows}];

  QKV_INLINE void clear() {
    QKV_UNROLL for (int k = 0; k < dot_keys; k++) {
      QKV_UNROLL for (int r = 0; r < rows; r++) sum[k][r] = broadcast(0);
    }
  }
  // Dimensions [c, c + count) of the keys from `keys` on.
  QKV_INLINE void step(const float* const* keys, const float* query, int64_t query_stride, int64_t c, int64_t count) {
    Floats operand[size_t{rows}];
    QKV_UNROLL for (int r = 0; r < rows; r++) operand[r] = load_shared(query + r * query_stride + c);
    QKV_UNROLL for (int k = 0; k < dot_keys; k++) {
      const Floats key = rows > 1 && count == lanes ? load_shared(keys[k] + c) : load_first(keys[k] + c, count);
      QKV_UNROLL for (int r = 0; r < rows; r++) sum[k][r] = fma(key, operand[r], sum[k][r]);
    }
  }
};

// sums[r][k]: the lanes' sums of rows [row, row + rows) and key k of the group.
template <int rows, bool fetches>
QKV_INLINE void multiply_group(const DecodeRows& all, int64_t row, const KeyGroup& keys, int64_t key_dim,
                               RowsAhead ahead, float (&sums)[size_t{rows}][size_t{lanes}][size_t{lanes}]) {
  constexpr int line = 64 / int{sizeof(float)};
  const float* query = all.query + row * all.query_stride;
  for (int first = 0; first < lanes; first += dot_keys) {
    DotTile<rows> tile;
    tile.clear();
    int64_t c = 0;
    QKV_NO_UNROLL for (; c + line <= key_dim; c += line) {
      if constexpr (fetches) prefetch_rows<dot_keys, 64>(ahead, first, c);
      QKV_UNROLL for (int at = 0; at < line; at += lanes) {
        tile.step(keys + first, query, all.query_stride, c + at, lanes);
      }
    }
    QKV_NO_UNROLL for (; c + lanes <= key_dim; c += lanes) tile.step(keys + first, query, all.query_stride, c, lanes);
    if (c < key_dim) tile.step(keys + first, query, all.query_stride, c, key_dim - c);
    QKV_UNROLL for (int k = 0; k < dot_keys; k++) {
      QKV_UNROLL for (int r = 0; r < rows; r++) store(sums[r][first + k], tile.sum[k][r]);
    }
  }
}

// The sum over lanes of each of `lanes` vectors, in a fixed tree.
QKV_INLINE Floats sums_of_lanes(const float (&vectors)[size_t{lanes}][size_t{lanes}]) {
  Register part[size_t{lanes}];
  QKV_UNROLL for (int i = 0; i < lanes; i++) part[i] = load(vectors[i]);
  transpose(part);
  QKV_UNROLL for (int width = lanes / 2; width > 0; width /= 2) {
    QKV_UNROLL for (int i = 0; i < width; i++) part[i] = Floats(part[i]) + Floats(part[i + width]);
  }
  return Floats(part[0]);
}

// weight[r][key - begin] = score, for keys [begin, end); lanes past the end hold anything.
// Not inlined: into its caller, GCC 12 (AVX2) compiles the inner loop to ten instructions instead of eight.
__attribute__((noinline)) inline void score_rows(const AttentionTask& task, const DecodeRows& rows, int64_t begin,
                                                 int64_t end) {
  const Scalars key = block_rows(task, task.args->key, begin, end, task.scratch.key);
  const int64_t count = end - begin, key_dim = task.args->key.shape[3];
  const RowsAhead ahead = rows_ahead(key, key_dim);
  for (int64_t first = 0; first < count; first += lanes) {
    KeyGroup keys;
    for (int64_t k = 0; k < lanes; k++) keys[k] = key.data + smaller(first + k, count - 1) * key.stride;
    for_tiles_from<dot_rows>(0, rows.count, [&]<int height>(int64_t r) {
      alignas(64) float sums[size_t{height}][size_t{lanes}][size_t{lanes}];
      if (r == 0 && rows.fetches) {
        multiply_group<height, true>(rows, r, keys, key_dim,
                                     {ahead.at + ahead.stride * static_cast<uintptr_t>(first), ahead.stride}, sums);
      } else {
        multiply_group<height, false>(rows, r, keys, key_dim, {}, sums);
      }
      for (int i = 0; i < height; i++) {
        store(rows.weight + (r + i) * rows.weight_stride + first, sums_of_lanes(sums[i]));
      }
    });
  }
}

}  // namespace
}  // namespace qkv::QKV_ISA
