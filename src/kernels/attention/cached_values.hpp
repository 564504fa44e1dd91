// SPDX-License-Identifier: Apache-2.0
// The value product of decode over packed V: sums stay in registers over all keys of a block.
#pragma once

#include "kernels/attention/cached_block.hpp"
#include "kernels/attention/decode_rows.hpp"
#include "kernels/simd/partition.hpp"

namespace qkv::QKV_ISA {
namespace {

constexpr int value_rows_at_once = register_count >= 32 ? 4 : 2;
// Rows of V are read as far as registers for their sums go.
constexpr int cached_value_vectors(int height) {
  return static_cast<int>(smaller(8, register_count / 2 / height));
}

// V of a block.
template <class T>
struct BlockValues {
  const DecodeRows& rows;
  const CachedBlock& block;
  const qkv_kv_layout& layout;

  // Element 0 of the piece's first token.
  QKV_INLINE const T* first_row(const CachedPiece& piece) const {
    return reinterpret_cast<const T*>(piece.tile + layout.value_offset) + piece.lane * layout.value_row;
  }
  QKV_INLINE const float* scales(const CachedPiece& piece) const {
    const T* values = reinterpret_cast<const T*>(piece.tile + layout.value_offset);
    return scales_behind(values + layout.value_row * layout.tile_tokens) + piece.lane;
  }

  // fetches: nobody has read these values before.
  template <int height, int vectors>
  QKV_INLINE void multiply(RegisterTile<height, vectors>& tile, const CachedPiece& piece, const float* weight,
                           int64_t column, bool fetches) const {
    constexpr int row_bytes = vectors * lanes * static_cast<int>(sizeof(T));
    const T* value = first_row(piece) + column;
    QKV_NO_UNROLL for (int64_t k = piece.first; k < piece.last; k++, value += layout.value_row) {
      if (fetches) prefetch<row_bytes>(ahead_of(value, piece, layout.tile_bytes));
      Floats operand[size_t{vectors}];
      QKV_UNROLL for (int j = 0; j < vectors; j++) operand[j] = load_elements(value + j * lanes);
      QKV_UNROLL for (int i = 0; i < height; i++) {
        const Floats factor = broadcast(weight[i * rows.weight_stride + k]);
        QKV_UNROLL for (int j = 0; j < vectors; j++) tile.sum[i][j] = fma(factor, operand[j], tile.sum[i][j]);
      }
    }
  }

  template <int height, int vectors>
  QKV_INLINE void add_tile(int64_t row, int64_t column) const {
    RegisterTile<height, vectors> tile;
    tile.clear();
    const float* weight = rows.weight + row * rows.weight_stride;
    for (const CachedPiece& piece : block) multiply(tile, piece, weight, column, row == 0);
    float* output = rows.output + row * rows.output_stride + column;
    tile.add_rows(output, rows.output_stride);
    tile.store_rows(output, rows.output_stride);
  }

  void add() const {
    for_tiles_from<value_rows_at_once>(0, rows.count, [&]<int height>(int64_t row) {
      constexpr int most = cached_value_vectors(height);
      for (int64_t c = 0; c < rows.output_stride; c += most * lanes) {
        with_count<most>(smaller(most, (rows.output_stride - c) / lanes),
                         [&]<int vectors>() { add_tile<height, vectors>(row, c); });
      }
    });
  }

  // The same without the products of hidden keys, whose values may be NaN. Their weight is -0.0.
  void add_carefully() const {
    for (int64_t r = 0; r < rows.count; r++) {
      const float* weight = rows.weight + r * rows.weight_stride;
      for (int64_t c = 0; c < rows.output_stride; c += lanes) {
        Floats sum = broadcast(0);
        for (const CachedPiece& piece : block) {
          const T* value = first_row(piece) + c;
          for (int64_t k = piece.first; k < piece.last; k++, value += layout.value_row) {
            if (!is_hidden(weight[k])) sum = fma(broadcast(weight[k]), load_elements(value), sum);
          }
        }
        float* output = rows.output + r * rows.output_stride + c;
        store(output, load(output) + sum);
      }
    }
  }

  // Elements of int8 are finite; a scale belongs to a token, and goes into its weights.
  void scale_weights() const {
    for (const CachedPiece& piece : block) {
      const float* factors = scales(piece);
      const int64_t count = piece.last - piece.first;
      for (int64_t r = 0; r < rows.count; r++) {
        float* weight = rows.weight + r * rows.weight_stride + piece.first;
        for_vectors(count, [&](int64_t k, int64_t lanes_left) {
          const Floats factor = load_first(weight + k, lanes_left);
          store_first(weight + k, select(is_hidden(factor), factor, factor * load_first(factors + k, lanes_left)),
                      lanes_left);
        });
      }
    }
  }

  bool has_non_finite() const {
    Floats poison = broadcast(0);
    for (const CachedPiece& piece : block) {
      const T* value = first_row(piece);
      for (int64_t i = 0; i < (piece.last - piece.first) * layout.value_row; i += lanes) {
        const Floats element = load_elements(value + i);
        poison = poison + (element - element);
      }
    }
    return !(sum_of_lanes(poison) == 0.0F);
  }
};

// hides: some row does not see some of the keys that others see.
inline void add_cached_values(const AttentionTask& task, const DecodeRows& rows, const CachedBlock& block, bool hides) {
  const qkv_kv_layout& layout = task.args->cache->layout;
  with_elements(layout.value_dtype, [&]<class T>() {
    const BlockValues<T> values{rows, block, layout};
    if constexpr (has_scales<T>) {
      values.scale_weights();
    } else if (hides && values.has_non_finite()) {
      return values.add_carefully();
    }
    values.add();
  });
}

}  // namespace
}  // namespace qkv::QKV_ISA
