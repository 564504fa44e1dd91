// SPDX-License-Identifier: Apache-2.0
// output = activation(input weight^T + bias) with quantised weights and rows of the input as signed bytes. Per group of
// k the sum of products is an exact integer; it joins the row's sum by one multiply-add with both scales' product, and
// where the format has minima one more with the sum of the input's group.
// Cost: group / 4 byte products of a vector per row, column vector and group, beside 3 to 4 other operations. With one
// row the time to read the weight is the limit: a panel is one stream.
#pragma once

#include "kernels/matmul/matmul_target.hpp"
#include "kernels/matmul/quantize_input.hpp"
#include "kernels/simd/partition.hpp"

namespace qkv::QKV_ISA {
namespace {

using Integers = Batch<int32_t>;

QKV_INLINE Integers load_bytes(const char* from) {
  return Integers::load_unaligned(reinterpret_cast<const int32_t*>(from));
}
QKV_INLINE Integers low_nibbles(Integers bytes) {
  return bytes & Integers(0x0f0f0f0f);
}
QKV_INLINE Integers high_nibbles(Integers bytes) {
  return (bytes >> 4) & Integers(0x0f0f0f0f);
}
template <class T>
QKV_INLINE T read(const char* from) {
  T value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}

template <class Dot, int32_t format>
struct QuantizedKernel {
  static constexpr QuantLayout layout = quant_layouts[format];
  static constexpr int vectors = Dot::tile_vectors, panel_columns = vectors * lanes;
  static constexpr int64_t row_group = group_header_bytes + layout.group;
  static constexpr int64_t quant_bytes = int64_t{layout.group} * layout.bits / 8 * panel_columns;
  static constexpr int64_t scales_bytes = int64_t{layout.scale_bytes} * panel_columns;
  static constexpr int64_t panel_group = quant_bytes + scales_bytes * (layout.minimum ? 2 : 1);
  // Bytes whose products do not fit the sums are multiplied in halves.
  static constexpr bool halved = layout.bits == 8 && !Dot::whole_bytes;

  template <int rows>
  struct Sums {
    typename Dot::Sum sum[size_t{rows}][size_t{vectors}], high[halved ? size_t{rows} : 1][size_t{vectors}];
  };

  static QKV_INLINE Integers broadcast_quants(const char* group, int step) {
    return Integers(read<int32_t>(group + group_header_bytes + 4 * step));
  }
  static QKV_INLINE int32_t start_of(const char* group) { return layout.minimum ? 0 : read<int32_t>(group + 4); }

  // Products of a vector of packed quants with the steps of the rows that they hold.
  template <int rows>
  static QKV_INLINE void add_products(Sums<rows>& sums, const char* input, int64_t row_bytes, const char* packed) {
    constexpr int per_vector = layout.bits == 4 ? 2 : 1;
    constexpr bool split = layout.bits == 4 || halved;
    QKV_UNROLL for (int step = 0; step < layout.group / 4; step += per_vector) {
      Integers low[size_t{vectors}], high[size_t{vectors}];
      QKV_UNROLL for (int j = 0; j < vectors; j++) {
        const Integers bytes = load_bytes(packed + (step / per_vector * panel_columns + j * lanes) * 4);
        low[j] = split ? low_nibbles(bytes) : bytes;
        high[j] = split ? high_nibbles(bytes) : bytes;
      }
      QKV_UNROLL for (int i = 0; i < rows; i++) {
        const Integers first = broadcast_quants(input + i * row_bytes, step);
        QKV_UNROLL for (int j = 0; j < vectors; j++) sums.sum[i][j] = Dot::add(sums.sum[i][j], low[j], first);
        if constexpr (layout.bits == 4) {
          const Integers second = broadcast_quants(input + i * row_bytes, step + 1);
          QKV_UNROLL for (int j = 0; j < vectors; j++) sums.sum[i][j] = Dot::add(sums.sum[i][j], high[j], second);
        } else if constexpr (halved) {
          QKV_UNROLL for (int j = 0; j < vectors; j++) sums.high[i][j] = Dot::add(sums.high[i][j], high[j], first);
        }
      }
    }
  }

  template <int rows>
  static QKV_INLINE Floats finished(const Sums<rows>& sums, int i, int j, int32_t start) {
    Integers sum(Dot::widen(sums.sum[i][j]));
    if constexpr (halved) sum = sum + (Integers(Dot::widen(sums.high[i][j])) << 4);
    return xsimd::to_float(Integers(Dot::finish(sum, start)));
  }

  static QKV_INLINE Floats load_scales(const char* from, int j) {
    if constexpr (layout.scale_bytes == 2) return Floats(widen_f16(from + 2 * j * lanes));
    return load(reinterpret_cast<const float*>(from) + j * lanes);
  }

  template <int rows>
  static void multiply_tile(const char* input, int64_t row_bytes, const char* packed, const MatmulTarget& target,
                            int64_t groups) {
    Floats total[size_t{rows}][size_t{vectors}];
    QKV_UNROLL for (int i = 0; i < rows; i++) {
      QKV_UNROLL for (int j = 0; j < vectors; j++) total[i][j] = broadcast(0);
    }
    QKV_NO_UNROLL for (int64_t group = 0; group < groups; group++, input += row_group, packed += panel_group) {
      Sums<rows> sums;
      QKV_UNROLL for (int i = 0; i < rows; i++) {
        QKV_UNROLL for (int j = 0; j < vectors; j++) sums.sum[i][j] = Dot::begin(start_of(input + i * row_bytes));
        if constexpr (halved) {
          QKV_UNROLL for (int j = 0; j < vectors; j++) sums.high[i][j] = Dot::begin(0);
        }
      }
      add_products<rows>(sums, input, row_bytes, packed);
      QKV_UNROLL for (int j = 0; j < vectors; j++) {
        const Floats scale = load_scales(packed + quant_bytes, j);
        const Floats minimum = layout.minimum ? load_scales(packed + quant_bytes + scales_bytes, j) : broadcast(0);
        QKV_UNROLL for (int i = 0; i < rows; i++) {
          const char* row = input + i * row_bytes;
          const Floats factor = scale * broadcast(read<float>(row));
          total[i][j] = fma(finished<rows>(sums, i, j, start_of(row)), factor, total[i][j]);
          if (layout.minimum) total[i][j] = fma(minimum, broadcast(read<float>(row + 4)), total[i][j]);
        }
      }
    }
    finish_tile(total, target);
  }

  // A panel's part stays in cache while the rows go by.
  static void multiply(const QuantizedTask& task) {
    const int64_t groups = task.args->input.shape[1] / layout.group, row_bytes = groups * row_group;
    for (int64_t panel = task.first_panel; panel < task.last_panel; panel++) {
      const MatmulTarget target = target_of(*task.args, task.first_row, panel * panel_columns);
      const char* packed = task.packed + panel * groups * panel_group;
      for_tiles_from<Dot::tile_rows>(0, task.last_row - task.first_row, [&]<int rows>(int64_t first) {
        MatmulTarget part = target;
        part.output += first * target.row_stride;
        multiply_tile<rows>(task.input + first * row_bytes, row_bytes, packed, part, groups);
      });
    }
  }
};

template <class Dot>
constexpr QuantizedKernels quantized_kernels{Dot::tile_vectors * lanes,
                                             {{quantize_input<0>, QuantizedKernel<Dot, 0>::multiply},
                                              {quantize_input<1>, QuantizedKernel<Dot, 1>::multiply},
                                              {quantize_input<2>, QuantizedKernel<Dot, 2>::multiply},
                                              {quantize_input<3>, QuantizedKernel<Dot, 3>::multiply},
                                              {quantize_input<4>, QuantizedKernel<Dot, 4>::multiply}}};

}  // namespace
}  // namespace qkv::QKV_ISA
