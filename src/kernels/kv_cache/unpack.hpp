// SPDX-License-Identifier: Apache-2.0
// Groups of 16 tokens back to rows of K and V.
#pragma once

#include "kernels/kv_cache/groups.hpp"
#include "kernels/simd/transpose.hpp"

namespace qkv::QKV_ISA {
namespace {

template <class T>
void unpack_keys(const char* from, int64_t group, int64_t first, int64_t last, int64_t key_dim, TokenRows rows) {
  const T* keys = reinterpret_cast<const T*>(from);
  const float* scales = scales_behind(keys + key_dim * group_tokens);
  for (int64_t part = 0; part < group_tokens; part += lanes) {
    const int64_t begin = group + part > first ? group + part : first;
    const int64_t end = group + part + lanes < last ? group + part + lanes : last;
    if (begin >= end) continue;
    Floats scale = broadcast(1);
    if constexpr (has_scales<T>) scale = load(scales + part);
    for (int64_t done = 0; done < key_dim; done += lanes) {
      Register tile[size_t{lanes}];
      for (int c = 0; c < lanes; c++) {
        const T* lane = keys + (done + c) * group_tokens + part;
        const Floats value = done + c < key_dim ? load_elements(lane) : broadcast(0);
        tile[c] = has_scales<T> ? value * scale : value;
      }
      transpose(tile);
      for (int64_t token = begin; token < end; token++) {
        rows.row(token).store(done, Floats(tile[token - group - part]), key_dim - done);
      }
    }
  }
}

template <class T>
void unpack_values(const char* from, int64_t group, int64_t first, int64_t last, const qkv_kv_layout& layout,
                   TokenRows rows) {
  const T* values = reinterpret_cast<const T*>(from);
  const float* scales = scales_behind(values + layout.value_row * group_tokens);
  for (int64_t token = first; token < last; token++) {
    const T* packed = values + (token - group) * layout.value_row;
    Floats scale = broadcast(1);
    if constexpr (has_scales<T>) scale = broadcast(scales[token - group]);
    for_vectors(layout.value_dim, [&](int64_t column, int64_t count) {
      const Floats value = load_elements(packed + column);
      rows.row(token).store(column, has_scales<T> ? value * scale : value, count);
    });
  }
}

// K, or V, of tokens [first, last).
inline void unpack_key_rows(const HeadGroups& groups, const qkv_kv_layout& layout, KeyRange tokens, TokenRows rows) {
  for_groups(tokens.begin, tokens.end, [&](int64_t group, int64_t first, int64_t last) {
    with_elements(layout.key_dtype,
                  [&]<class T>() { unpack_keys<T>(groups.keys(group), group, first, last, layout.key_dim, rows); });
  });
}
inline void unpack_value_rows(const HeadGroups& groups, const qkv_kv_layout& layout, KeyRange tokens, TokenRows rows) {
  for_groups(tokens.begin, tokens.end, [&](int64_t group, int64_t first, int64_t last) {
    with_elements(layout.value_dtype,
                  [&]<class T>() { unpack_values<T>(groups.values(group), group, first, last, layout, rows); });
  });
}

inline void unpack_tokens(const KvTask& task) {
  const qkv_kv_layout& layout = task.cache->layout;
  const HeadGroups groups(*task.cache, task.sequence, task.key_head);
  const KeyRange tokens{task.first, task.last};
  if (task.key->rank != 0) unpack_key_rows(groups, layout, tokens, rows_in(*task.key, task));
  if (task.value->rank != 0) unpack_value_rows(groups, layout, tokens, rows_in(*task.value, task));
}

}  // namespace
}  // namespace qkv::QKV_ISA
