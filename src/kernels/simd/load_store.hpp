// SPDX-License-Identifier: Apache-2.0
// Vectors from and to rows of any stride. Unit stride takes whole vectors; other strides go element by element.
#pragma once

#include "kernels/simd/batch.hpp"
#include "qkv/types.h"

namespace qkv::QKV_ISA {
namespace {

// Asks for bytes that will be read. The memory need not be there.
template <int bytes>
QKV_INLINE void prefetch(const void* from) {
  QKV_UNROLL for (int line = 0; line < bytes; line += 64) __builtin_prefetch(static_cast<const char*>(from) + line);
}

QKV_INLINE Floats load_strided(const float* from, int64_t stride, int64_t count) {
  if (stride == 1) return load_first(from, count);
  alignas(64) float lane[lanes] = {};
  for (int64_t i = 0; i < lanes && i < count; i++) lane[i] = from[i * stride];
  return load(lane);
}

QKV_INLINE void store_strided(float* to, int64_t stride, Floats values, int64_t count) {
  if (stride == 1) return store_first(to, values, count);
  alignas(64) float lane[lanes];
  store(lane, values);
  for (int64_t i = 0; i < lanes && i < count; i++) to[i * stride] = lane[i];
}

// 0, 1, 2 ...
QKV_INLINE Floats lane_numbers() {
  alignas(64) static constexpr float number[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  static_assert(sizeof number >= sizeof(float) * lanes);
  return load(number);
}

QKV_INLINE Mask first_lanes(int64_t count) {
  return lane_numbers() < broadcast(static_cast<float>(count < lanes ? count : lanes));
}

// One row of a caller's matrix, or a vector; not there if the optional view is absent.
struct Row {
  float* data;
  int64_t stride;

  QKV_INLINE bool present() const { return data != nullptr; }
  QKV_INLINE Floats load(int64_t column, int64_t count) const {
    return load_strided(data + column * stride, stride, count);
  }
  QKV_INLINE void store(int64_t column, Floats values, int64_t count) const {
    store_strided(data + column * stride, stride, values, count);
  }
};

QKV_INLINE Row row_of(const qkv_tensor& matrix, int64_t row) {
  return {static_cast<float*>(matrix.data) + row * matrix.stride[0], matrix.stride[1]};
}
QKV_INLINE Row row_of(const qkv_tensor& vector) {
  return {static_cast<float*>(vector.data), vector.stride[0]};
}

// function(column, count) for the columns in vectors. Whole vectors come with a constant count, which removes its
// tests.
template <class Function>
QKV_INLINE void for_vectors(int64_t columns, Function&& function) {
  int64_t column = 0;
  for (; columns - column >= lanes; column += lanes) function(column, int64_t{lanes});
  if (column < columns) function(column, columns - column);
}

// Copies a row, or adds it.
inline void put_row(Row from, Row to, int64_t columns, bool accumulate) {
  for_vectors(columns, [&](int64_t column, int64_t count) {
    Floats values = from.load(column, count);
    if (accumulate) values = to.load(column, count) + values;
    to.store(column, values, count);
  });
}

}  // namespace
}  // namespace qkv::QKV_ISA
