// SPDX-License-Identifier: Apache-2.0
// Between row-major memory and the layouts in which kernels keep one row per lane.
#pragma once

#include <cstddef>

#include "kernels/simd/batch.hpp"

namespace qkv::QKV_ISA {
namespace {

// A strided matrix of the caller: element (row, column) at data[row * row_stride + column * column_stride].
template <class T>
struct Matrix {
  T* data;
  int64_t row_stride, column_stride;
};

// to[c * to_stride + r] = factor * from(r, c) for r < rows <= lanes, c < columns; lanes from `rows` on become 0.
inline void rows_to_lanes(Matrix<const float> from, int64_t rows, int64_t columns, float factor, float* to,
                          int64_t to_stride) {
  int64_t done = 0;
  if (from.column_stride == 1) {
    for (; done < columns; done += lanes) {
      Register tile[size_t{lanes}];
      for (int r = 0; r < lanes; r++) {
        const Floats row = r < rows ? load_first(from.data + r * from.row_stride + done, columns - done) : broadcast(0);
        tile[r] = row * broadcast(factor);
      }
      transpose(tile);
      for (int c = 0; c < lanes && done + c < columns; c++) store(to + (done + c) * to_stride, Floats(tile[c]));
    }
    return;
  }
  for (int64_t c = 0; c < columns; c++) {
    for (int64_t r = 0; r < lanes; r++) {
      to[c * to_stride + r] = r < rows ? factor * from.data[r * from.row_stride + c * from.column_stride] : 0.0F;
    }
  }
}

// to(r, c) = from[c * from_stride + r] * factor[r] for r < rows <= lanes, c < columns.
inline void lanes_to_rows(const float* from, int64_t from_stride, Floats factor, int64_t rows, int64_t columns,
                          Matrix<float> to) {
  for (int64_t done = 0; done < columns; done += lanes) {
    Register tile[size_t{lanes}];
    for (int c = 0; c < lanes; c++) {
      tile[c] = done + c < columns ? load(from + (done + c) * from_stride) * factor : broadcast(0);
    }
    transpose(tile);
    for (int r = 0; r < lanes && r < rows; r++) {
      float* row = to.data + r * to.row_stride + done * to.column_stride;
      if (to.column_stride == 1) {
        store_first(row, Floats(tile[r]), columns - done);
      } else {
        alignas(64) float lane[lanes];
        store(lane, Floats(tile[r]));
        for (int64_t c = 0; c < lanes && done + c < columns; c++) row[c * to.column_stride] = lane[c];
      }
    }
  }
}

}  // namespace
}  // namespace qkv::QKV_ISA
