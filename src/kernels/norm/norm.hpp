// SPDX-License-Identifier: Apache-2.0
// output = (x - mean) / sqrt(mean((x - mean)^2) + epsilon) * weight + bias, x = input + residual; RMSNorm: mean = 0.
// Mean and variance take a pass each and are summed in double: a mean far from 0 cancels without loss, squares do not
// overflow, and rows may be long. The same passes read x again instead of keeping it, so there is no workspace.
#pragma once

#include "kernels/kernel_table.hpp"
#include "kernels/simd/doubles.hpp"
#include "kernels/simd/load_store.hpp"

namespace qkv::QKV_ISA {
namespace {

struct NormRow {
  Row input, residual, sum, output, weight, bias;
  int64_t columns;

  QKV_INLINE Floats x(int64_t column, int64_t count) const {
    const Floats values = input.load(column, count);
    return residual.present() ? values + residual.load(column, count) : values;
  }
};

// The mean in two floats: the first subtraction is almost always exact, the second brings what float cannot hold.
struct Mean {
  float high, low;
  QKV_INLINE Floats subtracted_from(Floats x) const { return (x - broadcast(high)) - broadcast(low); }
};

inline NormRow norm_row(const qkv_norm_args& args, int64_t row) {
  return {.input = row_of(args.input, row),
          .residual = row_of(args.residual, row),
          .sum = row_of(args.sum, row),
          .output = row_of(args.output, row),
          .weight = row_of(args.weight),
          .bias = row_of(args.bias),
          .columns = args.output.shape[1]};
}

inline Mean mean_of(const NormRow& row) {
  Doubles sum{};
  for_vectors(row.columns, [&](int64_t column, int64_t count) { sum = sum + widen(row.x(column, count)); });
  const double mean = sum_of_lanes(sum) / static_cast<double>(row.columns);
  const auto high = static_cast<float>(mean);
  return {high, static_cast<float>(mean - static_cast<double>(high))};
}

inline double variance_of(const NormRow& row, Mean mean) {
  Doubles sum{};
  for_vectors(row.columns, [&](int64_t column, int64_t count) {
    const Floats distance = mean.subtracted_from(row.x(column, count));
    const Doubles wide = widen(select(first_lanes(count), distance, broadcast(0.0F)));
    sum = sum + wide * wide;
  });
  return sum_of_lanes(sum) / static_cast<double>(row.columns);
}

inline void store_normalised(const NormRow& row, Mean mean, float factor) {
  for_vectors(row.columns, [&](int64_t column, int64_t count) {
    const Floats x = row.x(column, count);
    Floats value = mean.subtracted_from(x) * broadcast(factor);
    if (row.weight.present()) value = value * row.weight.load(column, count);
    if (row.bias.present()) value = value + row.bias.load(column, count);
    if (row.sum.present()) row.sum.store(column, x, count);
    row.output.store(column, value, count);
  });
}

inline void norm_rows(const RowTask<qkv_norm_args>& task) {
  const qkv_norm_args& args = *task.args;
  for (int64_t index = task.first; index < task.last; index++) {
    const NormRow row = norm_row(args, index);
    const Mean mean = args.kind == QKV_LAYER_NORM ? mean_of(row) : Mean{0.0F, 0.0F};
    const double square = variance_of(row, mean) + static_cast<double>(args.epsilon);
    store_normalised(row, mean, static_cast<float>(1 / xsimd::sqrt(Batch<double>(square)).get(0)));
  }
}

}  // namespace
}  // namespace qkv::QKV_ISA
