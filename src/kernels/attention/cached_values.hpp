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

template <class T, int height, int vectors>
QKV_INLINE void add_cached_tile(const DecodeRows& rows, const CachedBlock& block, int64_t value_row, int64_t row,
                                int64_t column) {
  Floats sum[size_t{height}][size_t{vectors}];
  QKV_UNROLL for (int i = 0; i < height; i++) {
    QKV_UNROLL for (int j = 0; j < vectors; j++) sum[i][j] = broadcast(0);
  }
  for_seen_groups(block, [&](int64_t g, int64_t first, int64_t last) {
    const float* weight = rows.weight + row * rows.weight_stride;
    const T* value = reinterpret_cast<const T*>(block.value[g]) + (first - g * key_group) * value_row + column;
    QKV_NO_UNROLL for (int64_t k = first; k < last; k++, value += value_row) {
      Floats operand[size_t{vectors}];
      QKV_UNROLL for (int j = 0; j < vectors; j++) operand[j] = load_elements(value + j * lanes);
      QKV_UNROLL for (int i = 0; i < height; i++) {
        const Floats factor = broadcast(weight[i * rows.weight_stride + k]);
        QKV_UNROLL for (int j = 0; j < vectors; j++) sum[i][j] = fma(factor, operand[j], sum[i][j]);
      }
    }
  });
  QKV_UNROLL for (int i = 0; i < height; i++) {
    float* output = rows.output + (row + i) * rows.output_stride + column;
    QKV_UNROLL for (int j = 0; j < vectors; j++) store(output + j * lanes, load(output + j * lanes) + sum[i][j]);
  }
}

template <class T>
void add_cached_values(const DecodeRows& rows, const CachedBlock& block, int64_t value_row) {
  for_tiles_from<value_rows_at_once>(0, rows.count, [&]<int height>(int64_t row) {
    constexpr int most = cached_value_vectors(height);
    for (int64_t c = 0; c < rows.output_stride; c += most * lanes) {
      with_count<most>(smaller(most, (rows.output_stride - c) / lanes),
                       [&]<int vectors>() { add_cached_tile<T, height, vectors>(rows, block, value_row, row, c); });
    }
  });
}

// The same without the products of hidden keys, whose values may be NaN. Their weight is -0.0.
template <class T>
void add_cached_values_carefully(const DecodeRows& rows, const CachedBlock& block, int64_t value_row) {
  for (int64_t r = 0; r < rows.count; r++) {
    const float* weight = rows.weight + r * rows.weight_stride;
    for (int64_t c = 0; c < rows.output_stride; c += lanes) {
      Floats sum = broadcast(0);
      for_seen_groups(block, [&](int64_t g, int64_t first, int64_t last) {
        const T* value = reinterpret_cast<const T*>(block.value[g]) + c;
        for (int64_t k = first; k < last; k++) {
          if (is_hidden(weight[k])) continue;
          sum = fma(broadcast(weight[k]), load_elements(value + (k - g * key_group) * value_row), sum);
        }
      });
      float* output = rows.output + r * rows.output_stride + c;
      store(output, load(output) + sum);
    }
  }
}

// Elements of int8 are finite; a scale belongs to a token, and goes into its weights. Lanes of no key may become
// anything.
template <class T>
void scale_weights(const DecodeRows& rows, const CachedBlock& block, int64_t value_row) {
  for_seen_groups(block, [&](int64_t g, int64_t, int64_t) {
    const float* scales = scales_behind(reinterpret_cast<const T*>(block.value[g]) + value_row * group_tokens);
    for (int64_t r = 0; r < rows.count; r++) {
      float* weight = rows.weight + r * rows.weight_stride + g * key_group;
      for (int k = 0; k < key_group; k += lanes) {
        const Floats factor = load(weight + k);
        const Mask hidden = broadcast(1) / factor < broadcast(0);
        store(weight + k, select(hidden, factor, factor * load(scales + k)));
      }
    }
  });
}

template <class T>
bool has_non_finite(const CachedBlock& block, int64_t value_row) {
  Floats poison = broadcast(0);
  for_seen_groups(block, [&](int64_t g, int64_t first, int64_t last) {
    const T* value = reinterpret_cast<const T*>(block.value[g]);
    for (int64_t i = (first - g * key_group) * value_row; i < (last - g * key_group) * value_row; i += lanes) {
      const Floats element = load_elements(value + i);
      poison = poison + (element - element);
    }
  });
  return !(sum_of_lanes(poison) == 0.0F);
}

// hides: some row does not see some of the keys that others see.
inline void add_cached_values(const AttentionTask& task, const DecodeRows& rows, const CachedBlock& block, bool hides) {
  const qkv_kv_layout& layout = task.args->cache->layout;
  with_elements(layout.value_dtype, [&]<class T>() {
    if constexpr (has_scales<T>) {
      scale_weights<T>(rows, block, layout.value_row);
    } else if (hides && has_non_finite<T>(block, layout.value_row)) {
      return add_cached_values_carefully<T>(rows, block, layout.value_row);
    }
    add_cached_values<T>(rows, block, layout.value_row);
  });
}

}  // namespace
}  // namespace qkv::QKV_ISA
