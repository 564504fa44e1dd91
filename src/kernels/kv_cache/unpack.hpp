// SPDX-License-Identifier: Apache-2.0
// Tiles back to rows of K and V.
#pragma once

#include "kernels/kv_cache/tiles.hpp"
#include "kernels/simd/transpose.hpp"

namespace qkv::QKV_ISA {
namespace {

template <class T>
void unpack_keys(const TileTokens& tokens, const qkv_kv_layout& layout, TokenRows rows) {
  const T* keys = reinterpret_cast<const T*>(tokens.tile);
  const float* scales = scales_behind(keys + layout.key_dim * layout.tile_tokens);
  // Whole vectors of tokens, of which some may not be asked for.
  for (int64_t part = tokens.first / lanes * lanes; part < tokens.last; part += lanes) {
    const int64_t begin = part > tokens.first ? part : tokens.first;
    const int64_t end = part + lanes < tokens.last ? part + lanes : tokens.last;
    const int64_t lane = part - tokens.origin;
    Floats scale = broadcast(1);
    if constexpr (has_scales<T>) scale = load(scales + lane);
    for (int64_t done = 0; done < layout.key_dim; done += lanes) {
      Register square[size_t{lanes}];
      for (int c = 0; c < lanes; c++) {
        const bool there = done + c < layout.key_dim;
        const Floats value = there ? load_elements(keys + (done + c) * layout.tile_tokens + lane) : broadcast(0);
        square[c] = has_scales<T> ? value * scale : value;
      }
      transpose(square);
      for (int64_t token = begin; token < end; token++) {
        rows.row(token).store(done, Floats(square[token - part]), layout.key_dim - done);
      }
    }
  }
}

template <class T>
void unpack_values(const TileTokens& tokens, const qkv_kv_layout& layout, TokenRows rows) {
  const T* values = reinterpret_cast<const T*>(tokens.tile + layout.value_offset);
  const float* scales = scales_behind(values + layout.value_row * layout.tile_tokens);
  for (int64_t token = tokens.first; token < tokens.last; token++) {
    const int64_t row = token - tokens.origin;
    Floats scale = broadcast(1);
    if constexpr (has_scales<T>) scale = broadcast(scales[row]);
    for_vectors(layout.value_dim, [&](int64_t column, int64_t count) {
      const Floats value = load_elements(values + row * layout.value_row + column);
      rows.row(token).store(column, has_scales<T> ? value * scale : value, count);
    });
  }
}

// K, or V, of tokens [begin, end).
inline void unpack_key_rows(const HeadTiles& tiles, KeyRange range, TokenRows rows) {
  for_tiles_of(tiles, range.begin, range.end, [&](const TileTokens& tokens) {
    with_elements(tiles.layout.key_dtype, [&]<class T>() { unpack_keys<T>(tokens, tiles.layout, rows); });
  });
}
inline void unpack_value_rows(const HeadTiles& tiles, KeyRange range, TokenRows rows) {
  for_tiles_of(tiles, range.begin, range.end, [&](const TileTokens& tokens) {
    with_elements(tiles.layout.value_dtype, [&]<class T>() { unpack_values<T>(tokens, tiles.layout, rows); });
  });
}

inline void unpack_tokens(const KvTask& task) {
  const HeadTiles tiles(*task.cache, task.sequence, task.key_head);
  const KeyRange tokens{task.first, task.last};
  if (task.key->rank != 0) unpack_key_rows(tiles, tokens, rows_in(*task.key, task));
  if (task.value->rank != 0) unpack_value_rows(tiles, tokens, rows_in(*task.value, task));
}

}  // namespace
}  // namespace qkv::QKV_ISA
