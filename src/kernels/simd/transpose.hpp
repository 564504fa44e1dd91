// SPDX-License-Identifier: Apache-2.0
// Between rows of memory and the layouts in which kernels keep one row per lane.
#pragma once

#include <cstddef>

#include "kernels/simd/batch.hpp"

namespace qkv::QKV_ISA {
namespace {

// Rows of the caller, each with a place of its own. Element c of row r is at row[r][c * column_stride].
template <class T>
struct RowSet {
  T* row[size_t{lanes}];
  int64_t count;  // of rows, <= lanes
  int64_t column_stride;
};

// Element c of the row in lane r is at data[c * stride + r].
struct LaneRows {
  float* data;
  int64_t stride;
};

// A whole square of rows with unit stride, from column `done` on.
QKV_INLINE void square_to_lanes(const RowSet<const float>& from, int64_t done, Floats factor, LaneRows to) {
  Register tile[size_t{lanes}];
  QKV_UNROLL for (int r = 0; r < lanes; r++) tile[r] = load(from.row[r] + done) * factor;
  transpose(tile);
  QKV_UNROLL for (int c = 0; c < lanes; c++) store(to.data + (done + c) * to.stride, Floats(tile[c]));
}
QKV_INLINE void square_to_rows(LaneRows from, int64_t done, Floats factor, const RowSet<float>& to) {
  Register tile[size_t{lanes}];
  QKV_UNROLL for (int c = 0; c < lanes; c++) tile[c] =
      fma(load(from.data + (done + c) * from.stride), factor, broadcast(0));
  transpose(tile);
  QKV_UNROLL for (int r = 0; r < lanes; r++) store(to.row[r] + done, Floats(tile[r]));
}

// Columns that whole squares cover.
template <class T>
QKV_INLINE int64_t square_columns(const RowSet<T>& rows, int64_t columns) {
  return rows.count == lanes && rows.column_stride == 1 ? columns / lanes * lanes : 0;
}

// to(r, c) = factor * from(r, c) for c < columns; lanes without a row become 0.
inline void rows_to_lanes(const RowSet<const float>& from, int64_t columns, Floats factor, LaneRows to) {
  const int64_t squares = square_columns(from, columns);
  for (int64_t done = 0; done < squares; done += lanes) square_to_lanes(from, done, factor, to);
  if (from.column_stride == 1) {
    for (int64_t done = squares; done < columns; done += lanes) {
      Register tile[size_t{lanes}];
      for (int r = 0; r < lanes; r++) {
        tile[r] = r < from.count ? load_first(from.row[r] + done, columns - done) * factor : broadcast(0);
      }
      transpose(tile);
      for (int c = 0; c < lanes && done + c < columns; c++) store(to.data + (done + c) * to.stride, Floats(tile[c]));
    }
    return;
  }
  for (int64_t c = 0; c < columns; c++) {
    alignas(64) float lane[lanes] = {};
    for (int64_t r = 0; r < from.count; r++) lane[r] = from.row[r][c * from.column_stride];
    store(to.data + c * to.stride, load(lane) * factor);
  }
}

inline void store_row(const RowSet<float>& to, int64_t r, int64_t column, Floats values, int64_t columns) {
  if (to.column_stride == 1) return store_first(to.row[r] + column, values, columns);
  alignas(64) float lane[lanes];
  store(lane, values);
  for (int64_t c = 0; c < lanes && c < columns; c++) to.row[r][(column + c) * to.column_stride] = lane[c];
}

// to(r, c) = from(r, c) * factor of lane r + 0 for c < columns: never -0, whose sign would tell the order of additions.
inline void lanes_to_rows(LaneRows from, int64_t columns, Floats factor, const RowSet<float>& to) {
  const int64_t squares = square_columns(to, columns);
  for (int64_t done = 0; done < squares; done += lanes) square_to_rows(from, done, factor, to);
  for (int64_t done = squares; done < columns; done += lanes) {
    Register tile[size_t{lanes}];
    for (int c = 0; c < lanes; c++) {
      const bool valid = done + c < columns;
      tile[c] = valid ? fma(load(from.data + (done + c) * from.stride), factor, broadcast(0)) : broadcast(0);
    }
    transpose(tile);
    for (int r = 0; r < to.count; r++) store_row(to, r, done, Floats(tile[r]), columns - done);
  }
}

}  // namespace
}  // namespace qkv::QKV_ISA
