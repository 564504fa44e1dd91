// SPDX-License-Identifier: Apache-2.0
// Where the tokens of one sequence and key head lie in a cache.
#pragma once

#include "kernels/kernel_table.hpp"
#include "kernels/kv_cache/elements.hpp"

namespace qkv::QKV_ISA {
namespace {

// Scales, one per token, lie behind the elements of K and of V.
template <class T>
QKV_INLINE float* scales_behind(T* elements_end) {
  return reinterpret_cast<float*>(elements_end);
}
template <class T>
QKV_INLINE const float* scales_behind(const T* elements_end) {
  return reinterpret_cast<const float*>(elements_end);
}

// The tiles of a sequence and key head.
class HeadTiles {
 public:
  HeadTiles(const qkv_kv_cache& cache, int64_t sequence, int64_t key_head)
      : layout(cache.layout),
        pages_(static_cast<char*>(cache.pages)),
        head_offset_(key_head * cache.layout.head_bytes),
        sequence_(sequence),
        pages_per_sequence_(cache.pages_per_sequence) {
    const int64_t stride = cache.page_table_stride != 0 ? cache.page_table_stride : cache.pages_per_sequence;
    table_ = cache.page_table == nullptr ? nullptr : cache.page_table + sequence * stride;
  }

  // K of the tile that holds a token; V lies value_offset bytes later. Only a token's page was checked: without one,
  // there may be no pages at all.
  QKV_INLINE char* tile(int64_t token) const {
    const int64_t index = token / layout.page_size, in_page = token % layout.page_size;
    const int64_t page = table_ != nullptr ? table_[index] : sequence_ * pages_per_sequence_ + index;
    return pages_ + head_offset_ + page * layout.page_bytes + in_page / layout.tile_tokens * layout.tile_bytes;
  }

  const qkv_kv_layout& layout;

 private:
  char* pages_;
  int64_t head_offset_;  // in each page
  int64_t sequence_, pages_per_sequence_;
  const int32_t* table_;
};

// Rows of floats with a token each: the caller's, or a copy.
struct TokenRows {
  float* data;  // of token `origin`
  int64_t origin, row_stride, column_stride;
  QKV_INLINE Row row(int64_t token) const { return {data + (token - origin) * row_stride, column_stride}; }
};

inline TokenRows rows_in(const qkv_tensor& view, const KvTask& task) {
  float* head = static_cast<float*>(view.data) + task.sequence * view.stride[0] + task.key_head * view.stride[1];
  return {head, task.origin, view.stride[2], view.stride[3]};
}

// Tokens [first, last) of one tile, whose first token is `origin`.
struct TileTokens {
  char* tile;
  int64_t origin, first, last;
};

// function(TileTokens) for the tiles of tokens [first, last).
template <class Function>
QKV_INLINE void for_tiles_of(const HeadTiles& tiles, int64_t first, int64_t last, Function&& function) {
  for (int64_t token = first; token < last;) {
    const int64_t origin = token / tiles.layout.tile_tokens * tiles.layout.tile_tokens;
    const int64_t next = origin + tiles.layout.tile_tokens, end = next < last ? next : last;
    function(TileTokens{tiles.tile(token), origin, token, end});
    token = end;
  }
}

}  // namespace
}  // namespace qkv::QKV_ISA
