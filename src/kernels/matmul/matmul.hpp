// SPDX-License-Identifier: Apache-2.0
// output = activation(input weight^T + bias), weight packed in panels of a few vectors' columns, [k][panel_columns], so
// that the inner loop reads it as one stream. A panel stays in L2 while all rows of the task pass by.
// Cost: 2 m n k flops at one FMA per issue slot, 6 x 4 (AVX2: 6 x 2) accumulators.
#pragma once

#include "kernels/activation/activate.hpp"
#include "kernels/kernel_table.hpp"
#include "kernels/simd/load_store.hpp"
#include "kernels/simd/partition.hpp"
#include "kernels/simd/register_tile.hpp"

namespace qkv::QKV_ISA {
namespace {

constexpr int panel_columns = tile_vectors * lanes;

inline void pack_weight(const MatmulPackTask& task) {
  const qkv_tensor& weight = *task.weight;
  const auto* data = static_cast<const float*>(weight.data);
  const int64_t first = task.panel * panel_columns;
  const int64_t columns = weight.shape[0] - first < panel_columns ? weight.shape[0] - first : panel_columns;
  for (int64_t k = 0; k < weight.shape[1]; k++) {
    float* to = task.packed + k * panel_columns;
    const float* from = data + first * weight.stride[0] + k * weight.stride[1];
    for (int64_t n = 0; n < columns; n++) to[n] = from[n * weight.stride[0]];
    for (int64_t n = columns; n < panel_columns; n++) to[n] = 0;
  }
}

// Where a tile's results go. Columns past the end are not touched.
struct MatmulTarget {
  float* output;
  int64_t row_stride, column_stride;
  int64_t columns;    // valid columns of this panel, 1 .. panel_columns
  const float* bias;  // of this panel's first column, or null
  int64_t bias_stride;
  int32_t activation;
  bool first_depth, last_depth;  // of the blocks that k is cut into
};

template <int rows>
QKV_INLINE void finish_tile(const RegisterTile<rows, tile_vectors>& tile, const MatmulTarget& target) {
  QKV_UNROLL for (int j = 0; j < tile_vectors; j++) {
    const int64_t first = j * lanes, count = target.columns - first;
    if (count <= 0) break;
    const bool biased = target.last_depth && target.bias != nullptr;
    const Floats bias =
        biased ? load_strided(target.bias + first * target.bias_stride, target.bias_stride, count) : broadcast(0.0F);
    QKV_UNROLL for (int i = 0; i < rows; i++) {
      float* to = target.output + i * target.row_stride + first * target.column_stride;
      Floats value = tile.sum[i][j];
      if (!target.first_depth) value = value + load_strided(to, target.column_stride, count);
      if (biased) value = value + bias;
      if (target.last_depth) value = activate(target.activation, value);
      store_strided(to, target.column_stride, value, count);
    }
  }
}

template <int rows>
void multiply_tile(Scalars input, const float* panel, int64_t depth, const MatmulTarget& target) {
  RegisterTile<rows, tile_vectors> tile;
  tile.clear();
  tile.template multiply<Lie::rows>(input, {panel, panel_columns}, depth);
  finish_tile(tile, target);
}

inline void multiply_rows(int64_t rows, Scalars input, const float* panel, int64_t depth, const MatmulTarget& target) {
  for_tiles(rows, [&]<int count>(int64_t first) {
    MatmulTarget part = target;
    part.output += first * target.row_stride;
    multiply_tile<count>({input.data + first * input.stride, input.stride}, panel, depth, part);
  });
}

// Rows of `input` with unit stride in k, copied where the caller's are not.
inline Scalars input_rows(const MatmulTask& task) {
  const qkv_tensor& input = task.args->input;
  const float* first = static_cast<const float*>(input.data) + task.first_row * input.stride[0];
  if (task.input == nullptr) return {first, input.stride[0]};
  const int64_t depth = input.shape[1];
  for (int64_t row = 0; row < task.last_row - task.first_row; row++) {
    for (int64_t k = 0; k < depth; k++) {
      task.input[row * depth + k] = first[row * input.stride[0] + k * input.stride[1]];
    }
  }
  return {task.input, depth};
}

inline MatmulTarget target_of(const MatmulTask& task) {
  const qkv_matmul_args& args = *task.args;
  const int64_t first_column = task.panel * panel_columns;
  MatmulTarget target{};
  target.row_stride = args.output.stride[0];
  target.column_stride = args.output.stride[1];
  target.output =
      static_cast<float*>(args.output.data) + task.first_row * target.row_stride + first_column * target.column_stride;
  target.columns = args.output.shape[1] - first_column;
  target.bias_stride = args.bias.stride[0];
  if (args.bias.rank != 0) target.bias = static_cast<const float*>(args.bias.data) + first_column * target.bias_stride;
  target.activation = args.activation;
  return target;
}

inline void multiply(const MatmulTask& task) {
  const int64_t depth = task.args->input.shape[1], rows = task.last_row - task.first_row;
  const Scalars input = input_rows(task);
  MatmulTarget target = target_of(task);
  // One round even for k = 0: the output is then activation(bias).
  for (int64_t k = 0; k == 0 || k < depth; k += task.depth_block) {
    const int64_t block = depth - k < task.depth_block ? depth - k : task.depth_block;
    target.first_depth = k == 0;
    target.last_depth = k + block >= depth;
    const float* packed = task.packed + (task.panel * depth + k) * panel_columns;
    multiply_rows(rows, {input.data + k, input.stride}, packed, block, target);
  }
}

constexpr MatmulKernels matmul_kernels{panel_columns, tile_rows, pack_weight, multiply};

}  // namespace
}  // namespace qkv::QKV_ISA
