// SPDX-License-Identifier: Apache-2.0
// The caller's strided tensors as a kernel reads them: where rows of a head group lie, blocks of K and V with unit
// stride, bias and mask of one row.
#pragma once

#include "kernels/attention/online_softmax.hpp"
#include "kernels/kernel_table.hpp"
#include "kernels/kv_cache/unpack.hpp"
#include "kernels/simd/register_tile.hpp"
#include "kernels/simd/transpose.hpp"

namespace qkv::QKV_ISA {
namespace {

constexpr int64_t smaller(int64_t a, int64_t b) {
  return a < b ? a : b;
}
constexpr int64_t larger(int64_t a, int64_t b) {
  return a > b ? a : b;
}

inline KeyRange intersect(KeyRange a, KeyRange b) {
  return {larger(a.begin, b.begin), smaller(a.end, b.end)};
}

// function(begin, end, closes_span) for the blocks of `keys`. Blocks and spans begin at multiples of their length,
// whatever the rows see: the order in which a row sums depends on nothing else.
template <class Function>
QKV_INLINE void for_blocks(const AttentionTask& task, KeyRange keys, Function&& function) {
  const int64_t step = task.keys_per_block;
  for (int64_t begin = keys.begin / step * step; begin < keys.end; begin += step) {
    const int64_t next = begin + step;
    function(begin, smaller(keys.end, next), next >= keys.end || next % task.keys_per_span == 0);
  }
}

// Element 0 of a row of the group in a [batch, query head, query row, ...] tensor.
template <class T>
QKV_INLINE T* row_of(const AttentionTask& task, const qkv_tensor& view, int64_t row) {
  const int64_t head = task.key_head * task.group + row % task.group;
  return static_cast<T*>(view.data) + task.batch * view.stride[0] + head * view.stride[1] +
         row / task.group * view.stride[2];
}

// `count` <= lanes rows of the group from `first` on.
template <class T>
QKV_INLINE RowSet<T> rows_of(const AttentionTask& task, const qkv_tensor& view, int64_t first, int64_t count) {
  RowSet<T> rows;
  rows.count = count;
  rows.column_stride = view.stride[3];
  int64_t head = first % task.group;
  int64_t offset = (task.key_head * task.group + head) * view.stride[1] + first / task.group * view.stride[2];
  for (int64_t r = 0; r < count; r++) {
    rows.row[r] = static_cast<T*>(view.data) + task.batch * view.stride[0] + offset;
    offset += view.stride[1];
    if (++head == task.group) {
      head = 0;
      offset += view.stride[2] - task.group * view.stride[1];
    }
  }
  return rows;
}

inline void store_lse(const AttentionTask& task, int64_t row, float shift, float sum) {
  const qkv_tensor& lse = task.args->lse;
  if (lse.rank != 0) *row_of<float>(task, lse, row) = log_of_sum(shift, sum);
}

// Keys [begin, end) with K and V rows at unit stride. Row pointers are of key `begin`.
struct KeyBlock {
  int64_t begin, end;
  Scalars key, value;
};

// Copies rows with zero padding up to a whole number of vectors.
inline Scalars copy_rows(const float* from, int64_t row_stride, int64_t column_stride, int64_t rows, int64_t columns,
                         float* to) {
  const int64_t padded = (columns + lanes - 1) / lanes * lanes;
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t c = 0; c < columns; c++) to[r * padded + c] = from[r * row_stride + c * column_stride];
    for (int64_t c = columns; c < padded; c++) to[r * padded + c] = 0;
  }
  return {to, padded};
}

inline Scalars block_rows(const AttentionTask& task, const qkv_tensor& view, int64_t begin, int64_t end, float* copy) {
  const float* first = static_cast<const float*>(view.data) + task.batch * view.stride[0] +
                       task.key_head * view.stride[1] + begin * view.stride[2];
  if (copy == nullptr) return {first, view.stride[2]};
  return copy_rows(first, view.stride[2], view.stride[3], end - begin, view.shape[3], copy);
}

// V of f32 is rows as it lies, where one tile has all that is asked for.
inline bool rows_in_place(const qkv_kv_layout& layout, int64_t begin, int64_t end) {
  return layout.value_dtype == QKV_F32 && begin / layout.tile_tokens == (end - 1) / layout.tile_tokens;
}

// Packed keys become rows again: prefill multiplies each with many queries.
inline KeyBlock unpacked_key_block(const AttentionTask& task, int64_t begin, int64_t end) {
  const qkv_kv_layout& layout = task.args->cache->layout;
  const HeadTiles tiles(*task.args->cache, task.batch, task.key_head);
  const auto rows_at = [&](float* to, int64_t columns) {
    return TokenRows{to, begin, (columns + lanes - 1) / lanes * lanes, 1};
  };
  const TokenRows key = rows_at(task.scratch.key, layout.key_dim);
  unpack_key_rows(tiles, {begin, end}, key);
  const Scalars keys{key.data, key.row_stride};
  if (rows_in_place(layout, begin, end)) {
    const auto* first = reinterpret_cast<const float*>(tiles.tile(begin) + layout.value_offset);
    return {begin, end, keys, {first + begin % layout.tile_tokens * layout.value_row, layout.value_row}};
  }
  const TokenRows value = rows_at(task.scratch.value, layout.value_dim);
  unpack_value_rows(tiles, {begin, end}, value);
  return {begin, end, keys, {value.data, value.row_stride}};
}

inline KeyBlock key_block(const AttentionTask& task, int64_t begin, int64_t end) {
  if (task.args->cache != nullptr) return unpacked_key_block(task, begin, end);
  return {begin, end, block_rows(task, task.args->key, begin, end, task.scratch.key),
          block_rows(task, task.args->value, begin, end, task.scratch.value)};
}

// A finite bias stays finite: only -inf hides a key.
QKV_INLINE float in_log2(float bias) {
  constexpr float most = std::numeric_limits<float>::max() / log2_e;
  if (bias > most && bias < infinity) bias = most;
  if (bias < -most && bias > -infinity) bias = -most;
  return log2_e * bias;
}

// What is added to a row's scores, in log2 units: to[k * to_stride] for keys [begin, end); -inf where the key is
// hidden.
inline void read_bias(const AttentionTask& task, int64_t row, int64_t begin, int64_t end, float* to,
                      int64_t to_stride) {
  const qkv_tensor& bias = task.args->bias;
  const qkv_tensor& mask = task.args->mask;
  const auto* visible = mask.rank != 0 ? row_of<const uint8_t>(task, mask, row) : nullptr;
  const auto* added = bias.rank != 0 ? row_of<const float>(task, bias, row) : nullptr;
  for (int64_t k = begin; k < end; k++) {
    const bool hidden = visible != nullptr && visible[k * mask.stride[3]] == 0;
    to[(k - begin) * to_stride] = hidden ? -infinity : added != nullptr ? in_log2(added[k * bias.stride[3]]) : 0.0F;
  }
}

// True if some element of the rows is NaN or infinite. Weights of hidden keys are 0, and 0 times these is not.
inline bool has_non_finite(Scalars rows, int64_t count, int64_t columns) {
  Floats poison = broadcast(0);
  for (int64_t r = 0; r < count; r++) {
    for (int64_t c = 0; c < columns; c += lanes) {
      const Floats value = load_first(rows.data + r * rows.stride + c, columns - c);
      poison = poison + (value - value);
    }
  }
  return !(sum_of_lanes(poison) == 0.0F);
}

}  // namespace
}  // namespace qkv::QKV_ISA
