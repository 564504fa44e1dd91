// SPDX-License-Identifier: Apache-2.0
// output = activation(input weight^T + bias), weight packed in panels of a few vectors' columns, [k][panel_columns], so
// that the inner loop reads it as one stream.
// Cost: 2 m n k flops at one FMA per issue slot, 6 x 4 (AVX2: 6 x 2) accumulators.
#pragma once

#include "kernels/kernel_table.hpp"
#include "kernels/matmul/matmul_target.hpp"
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

// A panel's block of depth, and the one that is multiplied after it.
struct WeightBlock {
  const float *data, *next;  // [depth][panel_columns]
  int64_t depth;
};

constexpr int64_t prefetch_steps = 16;
constexpr int64_t least_rows_to_prefetch = 16;  // fewer are as fast as memory, and prefetches would be in the way

// Brings a share of the next block into L2 on the way: `next`, `lines` cache lines every prefetch_steps.
template <int rows>
void multiply_tile(Scalars input, const WeightBlock& weight, int64_t lines, const MatmulTarget& target) {
  constexpr uintptr_t line = 64;
  RegisterTile<rows, tile_vectors> tile;
  tile.clear();
  Vectors panel{weight.data, panel_columns};
  auto next = reinterpret_cast<uintptr_t>(weight.next);  // a number: the last lines may lie behind the weight
  for (int64_t k = 0; k < weight.depth; k += prefetch_steps) {
    for (int64_t i = 0; i < lines; i++, next += line) __builtin_prefetch(reinterpret_cast<const void*>(next), 0, 2);
    const int64_t steps = weight.depth - k < prefetch_steps ? weight.depth - k : prefetch_steps;
    tile.template multiply<Lie::rows>(input, panel, steps);
    input.data += steps;
    panel.data += steps * panel_columns;
  }
  finish_tile(tile.sum, target);
}

inline void multiply_rows(int64_t rows, Scalars input, const WeightBlock& weight, const MatmulTarget& target) {
  constexpr int64_t lines_per_stretch = prefetch_steps * panel_columns / 16;
  for_tiles<tile_vectors>(rows, [&]<int count>(int64_t first) {
    MatmulTarget part = target;
    part.output += first * target.row_stride;
    WeightBlock share = weight;
    share.next += weight.depth * first / rows * panel_columns;
    const int64_t lines = rows < least_rows_to_prefetch ? 0 : (lines_per_stretch * count + rows - 1) / rows;
    multiply_tile<count>({input.data + first * input.stride, input.stride}, share, lines, part);
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

// Panels that one row of input is multiplied with side by side: several streams from memory, enough accumulators.
constexpr int row_panels = 8 / tile_vectors;

// One row times row_panels panels. The time to read the weight is the limit.
inline void multiply_row(const MatmulTask& task, const float* input, int64_t first_panel) {
  const int64_t depth = task.args->input.shape[1], panel_size = depth * panel_columns;
  const float* packed = task.packed + first_panel * panel_size;
  RegisterTile<1, tile_vectors> total[row_panels], sum[row_panels];
  QKV_UNROLL for (int p = 0; p < row_panels; p++) total[p].clear();
  for (int64_t first = 0; first < depth; first += task.depth_block) {
    QKV_UNROLL for (int p = 0; p < row_panels; p++) sum[p].clear();
    const int64_t last = depth - first < task.depth_block ? depth : first + task.depth_block;
    for (int64_t k = first; k < last; k++) {
      QKV_UNROLL for (int p = 0; p < row_panels; p++) {
        sum[p].template step<Lie::rows, 0>(input + k, 0, packed + p * panel_size + k * panel_columns);
      }
    }
    QKV_UNROLL for (int p = 0; p < row_panels; p++) {
      if (first == 0) {
        total[p] = sum[p];  // 0 + -0 would be another zero than in a batch
      } else {
        total[p].add(sum[p]);
      }
    }
  }
  for (int p = 0; p < row_panels; p++)
    finish_tile(total[p].sum, target_of(*task.args, task.first_row, (first_panel + p) * panel_columns));
}

// A block of the input's depth stays in L2 while the panels' stream by.
inline void multiply(const MatmulTask& task) {
  const int64_t depth = task.args->input.shape[1], rows = task.last_row - task.first_row;
  const Scalars input = input_rows(task);
  int64_t first_panel = task.first_panel;
  for (; rows == 1 && task.last_panel - first_panel >= row_panels; first_panel += row_panels) {
    multiply_row(task, input.data, first_panel);
  }
  // One round even for k = 0: the output is then activation(bias).
  for (int64_t k = 0; k == 0 || k < depth; k += task.depth_block) {
    const int64_t block = depth - k < task.depth_block ? depth - k : task.depth_block;
    for (int64_t panel = first_panel; panel < task.last_panel; panel++) {
      MatmulTarget target = target_of(*task.args, task.first_row, panel * panel_columns);
      target.first_depth = k == 0;
      target.last_depth = k + block >= depth;
      const float* packed = task.packed + (panel * depth + k) * panel_columns;
      const bool last = (panel + 1) * panel_columns >= task.args->output.shape[1];
      const float* next = last ? packed : packed + depth * panel_columns;
      multiply_rows(rows, {input.data + k, input.stride}, {packed, next, block}, target);
    }
  }
}

constexpr MatmulKernels matmul_kernels{panel_columns, row_panels, pack_weight, multiply};

}  // namespace
}  // namespace qkv::QKV_ISA
