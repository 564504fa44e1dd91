// SPDX-License-Identifier: Apache-2.0
// Where the tokens of one sequence and key head lie in a cache.
#pragma once

#include "kernels/kernel_table.hpp"
#include "kernels/kv_cache/elements.hpp"

namespace qkv::QKV_ISA {
namespace {

constexpr int group_tokens = QKV_KV_GROUP;
static_assert(group_tokens % lanes == 0 && key_group == group_tokens);

// A group's scales, one per token, lie behind its elements.
template <class T>
QKV_INLINE float* scales_behind(T* elements_end) {
  return reinterpret_cast<float*>(elements_end);
}
template <class T>
QKV_INLINE const float* scales_behind(const T* elements_end) {
  return reinterpret_cast<const float*>(elements_end);
}

// The groups of a sequence and key head.
class HeadGroups {
 public:
  HeadGroups(const qkv_kv_cache& cache, int64_t sequence, int64_t key_head)
      : layout_(cache.layout), head_(static_cast<char*>(cache.pages) + key_head * cache.layout.head_bytes) {
    const int64_t stride = cache.page_table_stride != 0 ? cache.page_table_stride : cache.pages_per_sequence;
    table_ = cache.page_table == nullptr ? nullptr : cache.page_table + sequence * stride;
    first_page_ = sequence * cache.pages_per_sequence;
  }

  // K, and V, of the 16 tokens from a multiple of 16 on.
  QKV_INLINE char* keys(int64_t token) const {
    const int64_t in_tile = token % layout_.tile_tokens;
    return tile(token) + in_tile / group_tokens * layout_.key_group_bytes;
  }
  QKV_INLINE char* values(int64_t token) const {
    const int64_t in_tile = token % layout_.tile_tokens;
    return tile(token) + layout_.value_offset + in_tile / group_tokens * layout_.value_group_bytes;
  }

 private:
  QKV_INLINE char* tile(int64_t token) const {
    const int64_t index = token / layout_.page_size, in_page = token % layout_.page_size;
    const int64_t page = table_ != nullptr ? table_[index] : first_page_ + index;
    return head_ + page * layout_.page_bytes + in_page / layout_.tile_tokens * layout_.tile_bytes;
  }

  const qkv_kv_layout& layout_;
  char* head_;  // in page 0
  const int32_t* table_;
  int64_t first_page_;
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

// function(group, first, last) for the groups of tokens [first, last): the group's first token, and those that count.
template <class Function>
QKV_INLINE void for_groups(int64_t first, int64_t last, Function&& function) {
  for (int64_t token = first; token < last;) {
    const int64_t group = token / group_tokens * group_tokens, next = group + group_tokens;
    const int64_t end = next < last ? next : last;
    function(group, token, end);
    token = end;
  }
}

}  // namespace
}  // namespace qkv::QKV_ISA
