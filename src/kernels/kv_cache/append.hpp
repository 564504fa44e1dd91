// SPDX-License-Identifier: Apache-2.0
// Packs rows of K and V into groups of 16 tokens. Whole groups of K are transposed in registers; single tokens write
// one element to each line of K, which is what reading keys in lanes costs.
#pragma once

#include "kernels/kv_cache/groups.hpp"
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

// `lanes` whole tokens from `token` on, as lanes of K.
template <class T>
QKV_INLINE void pack_lanes(TokenRows rows, int64_t token, int64_t key_dim, Floats scale, T* to) {
  for (int64_t done = 0; done < key_dim; done += lanes) {
    Register tile[size_t{lanes}];
    for (int r = 0; r < lanes; r++) tile[r] = rows.row(token + r).load(done, key_dim - done);
    transpose(tile);
    for (int c = 0; c < lanes && done + c < key_dim; c++) {
      store_elements(to + (done + c) * group_tokens, Floats(tile[c]), scale);
    }
  }
}

// One token, as lane `lane` of K.
template <class T>
QKV_INLINE void pack_lane(Row row, int64_t lane, int64_t key_dim, Floats scale, T* to) {
  for_vectors(key_dim, [&](int64_t column, int64_t count) {
    T element[lanes];
    store_elements(element, row.load(column, count), scale);
    for (int64_t i = 0; i < count; i++) to[(column + i) * group_tokens + lane] = element[i];
  });
}

template <class T>
void pack_keys(TokenRows rows, int64_t group, int64_t first, int64_t last, int64_t key_dim, char* to) {
  T* keys = reinterpret_cast<T*>(to);
  float* scales = scales_behind(keys + key_dim * group_tokens);
  if constexpr (has_scales<T>) {
    for (int64_t token = first; token < last; token++) scales[token - group] = scale_of(rows.row(token), key_dim);
  }
  const bool whole = last - first == group_tokens;
  for (int64_t token = first; whole && token < last; token += lanes) {
    const Floats scale = has_scales<T> ? load(scales + (token - group)) : broadcast(1);
    pack_lanes(rows, token, key_dim, scale, keys + (token - group));
  }
  for (int64_t token = first; !whole && token < last; token++) {
    const Floats scale = broadcast(has_scales<T> ? scales[token - group] : 1);
    pack_lane(rows.row(token), token - group, key_dim, scale, keys);
  }
}

// With zeros behind the last value.
template <class T>
void pack_values(TokenRows rows, int64_t group, int64_t first, int64_t last, const qkv_kv_layout& layout, char* to) {
  T* values = reinterpret_cast<T*>(to);
  float* scales = scales_behind(values + layout.value_row * group_tokens);
  for (int64_t token = first; token < last; token++) {
    const Row row = rows.row(token);
    const float factor = has_scales<T> ? scale_of(row, layout.value_dim) : 1;
    const Floats scale = broadcast(factor);
    if constexpr (has_scales<T>) scales[token - group] = factor;
    T* packed = values + (token - group) * layout.value_row;
    for (int64_t column = 0; column < layout.value_row; column += lanes) {
      const int64_t count = layout.value_dim > column ? layout.value_dim - column : 0;
      store_elements(packed + column, count > 0 ? row.load(column, count) : broadcast(0), scale);
    }
  }
}

inline void append_tokens(const KvTask& task) {
  const qkv_kv_layout& layout = task.cache->layout;
  const HeadGroups groups(*task.cache, task.sequence, task.key_head);
  const TokenRows keys = rows_in(*task.key, task), values = rows_in(*task.value, task);
  for_groups(task.first, task.last, [&](int64_t group, int64_t first, int64_t last) {
    with_elements(layout.key_dtype,
                  [&]<class T>() { pack_keys<T>(keys, group, first, last, layout.key_dim, groups.keys(group)); });
    with_elements(layout.value_dtype,
                  [&]<class T>() { pack_values<T>(values, group, first, last, layout, groups.values(group)); });
  });
}

}  // namespace
}  // namespace qkv::QKV_ISA
