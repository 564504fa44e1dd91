// SPDX-License-Identifier: Apache-2.0
// What happens to a tile of sums: bias, activation, and the way to the caller's output.
#pragma once

#include <cstddef>

#include "kernels/activation/activate.hpp"
#include "kernels/simd/load_store.hpp"
#include "qkv/matmul.h"

namespace qkv::QKV_ISA {
namespace {

// Where a tile's results go. Columns past the end are not touched.
struct MatmulTarget {
  float* output;
  int64_t row_stride, column_stride;
  int64_t columns;    // valid columns from the tile's first on
  const float* bias;  // of this panel's first column, or null
  int64_t bias_stride;
  int32_t activation;
  bool first_depth = true, last_depth = true;  // of the blocks that k is cut into
};

inline MatmulTarget target_of(const qkv_matmul_args& args, int64_t first_row, int64_t first_column) {
  MatmulTarget target{};
  target.row_stride = args.output.stride[0];
  target.column_stride = args.output.stride[1];
  target.output =
      static_cast<float*>(args.output.data) + first_row * target.row_stride + first_column * target.column_stride;
  target.columns = args.output.shape[1] - first_column;
  target.bias_stride = args.bias.stride[0];
  if (args.bias.rank != 0) target.bias = static_cast<const float*>(args.bias.data) + first_column * target.bias_stride;
  target.activation = args.activation;
  return target;
}

// whole: all columns are valid and lie side by side.
template <bool whole, size_t rows, size_t vectors>
QKV_INLINE void finish_columns(const Floats (&sum)[rows][vectors], const MatmulTarget& target) {
  const int64_t stride = whole ? 1 : target.column_stride, bias_stride = target.bias_stride;
  const bool biased = target.last_depth && target.bias != nullptr;
  const bool activated = target.last_depth && target.activation != QKV_IDENTITY;
  QKV_UNROLL for (size_t j = 0; j < vectors; j++) {
    const int64_t first = static_cast<int64_t>(j) * lanes, count = whole ? lanes : target.columns - first;
    if (count <= 0) break;
    const Floats bias = biased ? load_strided(target.bias + first * bias_stride, bias_stride, count) : broadcast(0.0F);
    QKV_UNROLL for (size_t i = 0; i < rows; i++) {
      float* to = target.output + static_cast<int64_t>(i) * target.row_stride + first * stride;
      Floats value = sum[i][j];
      if (!target.first_depth) value = value + load_strided(to, stride, count);
      if (biased) value = value + bias;
      if (activated) value = activate(target.activation, value);
      store_strided(to, stride, value, count);
    }
  }
}

template <size_t rows, size_t vectors>
QKV_INLINE void finish_tile(const Floats (&sum)[rows][vectors], const MatmulTarget& target) {
  const bool whole = target.column_stride == 1 && target.columns >= static_cast<int64_t>(vectors) * lanes;
  whole ? finish_columns<true>(sum, target) : finish_columns<false>(sum, target);
}

}  // namespace
}  // namespace qkv::QKV_ISA
