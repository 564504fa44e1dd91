// SPDX-License-Identifier: Apache-2.0
// Packs rows of K and V into tiles. As many tokens as a vector has lanes are transposed in registers; a single one
// writes an element to each row of K, which is what reading keys in lanes costs.
#pragma once

#include "kernels/kv_cache/tiles.hpp"
#include "kernels/simd/transpose.hpp"

namespace qkv::QKV_ISA {
namespace {

// What an int8 element of the row is multiplied with: NaN where the row holds NaN or infinity.
inline float scale_of(Row row, int64_t columns) {
  Floats top = broadcast(0), poison = broadcast(0);
  for_vectors(columns, [&](int64_t column, int64_t count) {
    const Floats value = row.load(column, count);
    top = max(xsimd::abs(value), top);
    poison = poison + (value - value);
  });
  const bool finite = sum_of_lanes(poison) == 0.0F;
  return finite ? max_of_lanes(top) / 127 : std::numeric_limits<float>::quiet_NaN();
}

// `lanes` tokens from `token` on, as lanes of K.
template <class T>
QKV_INLINE void pack_lanes(TokenRows rows, int64_t token, const qkv_kv_layout& layout, Floats scale, T* to) {
  for (int64_t done = 0; done < layout.key_dim; done += lanes) {
    Register square[size_t{lanes}];
    for (int r = 0; r < lanes; r++) square[r] = rows.row(token + r).load(done, layout.key_dim - done);
    transpose(square);
    for (int c = 0; c < lanes && done + c < layout.key_dim; c++) {
      store_elements(to + (done + c) * layout.tile_tokens, Floats(square[c]), scale);
    }
  }
}

// One token, as a lane of K.
template <class T>
QKV_INLINE void pack_lane(Row row, const qkv_kv_layout& layout, Floats scale, T* to) {
  for_vectors(layout.key_dim, [&](int64_t column, int64_t count) {
    T element[lanes];
    store_elements(element, row.load(column, count), scale);
    for (int64_t i = 0; i < count; i++) to[(column + i) * layout.tile_tokens] = element[i];
  });
}

template <class T>
void pack_keys(TokenRows rows, const TileTokens& tokens, const qkv_kv_layout& layout) {
  T* keys = reinterpret_cast<T*>(tokens.tile);
  float* scales = scales_behind(keys + layout.key_dim * layout.tile_tokens);
  if constexpr (has_scales<T>) {
    for (int64_t token = tokens.first; token < tokens.last; token++) {
      scales[token - tokens.origin] = scale_of(rows.row(token), layout.key_dim);
    }
  }
  for (int64_t token = tokens.first; token < tokens.last;) {
    const int64_t lane = token - tokens.origin;
    T* to = keys + lane;
    if (token % lanes == 0 && tokens.last - token >= lanes) {
      pack_lanes(rows, token, layout, has_scales<T> ? load(scales + lane) : broadcast(1), to);
      token += lanes;
    } else {
      pack_lane(rows.row(token), layout, broadcast(has_scales<T> ? scales[lane] : 1), to);
      token++;
    }
  }
}

// With zeros behind the last value.
template <class T>
void pack_values(TokenRows rows, const TileTokens& tokens, const qkv_kv_layout& layout) {
  T* values = reinterpret_cast<T*>(tokens.tile + layout.value_offset);
  float* scales = scales_behind(values + layout.value_row * layout.tile_tokens);
  for (int64_t token = tokens.first; token < tokens.last; token++) {
    const Row row = rows.row(token);
    const float scale = has_scales<T> ? scale_of(row, layout.value_dim) : 1;
    if constexpr (has_scales<T>) scales[token - tokens.origin] = scale;
    T* packed = values + (token - tokens.origin) * layout.value_row;
    for (int64_t column = 0; column < layout.value_row; column += lanes) {
      const int64_t count = layout.value_dim > column ? layout.value_dim - column : 0;
      store_elements(packed + column, count > 0 ? row.load(column, count) : broadcast(0), broadcast(scale));
    }
  }
}

inline void append_tokens(const KvTask& task) {
  const qkv_kv_layout& layout = task.cache->layout;
  const HeadTiles tiles(*task.cache, task.sequence, task.key_head);
  const TokenRows keys = rows_in(*task.key, task), values = rows_in(*task.value, task);
  for_tiles_of(tiles, task.first, task.last, [&](const TileTokens& tokens) {
    with_elements(layout.key_dtype, [&]<class T>() { pack_keys<T>(keys, tokens, layout); });
    with_elements(layout.value_dtype, [&]<class T>() { pack_values<T>(values, tokens, layout); });
  });
}

}  // namespace
}  // namespace qkv::QKV_ISA
