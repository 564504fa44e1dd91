// SPDX-License-Identifier: Apache-2.0
// weight = 2^((logit - max) log2 e), output = weight / sum of weights. Three passes over a row, with the output as the
// only intermediate store: logits and their maximum, weights and their sum (in double: rows may be long), quotients.
// An invisible column has the logit -inf and so the weight 0; whatever its input holds is selected away.
#pragma once

#include "kernels/kernel_table.hpp"
#include "kernels/simd/doubles.hpp"
#include "kernels/simd/load_store.hpp"
#include "kernels/simd/math.hpp"

namespace qkv::QKV_ISA {
namespace {

struct SoftmaxRow {
  Row input, bias, output;
  const uint8_t* mask;  // or null
  int64_t mask_stride;
  int64_t columns;
  float scale;
};

inline SoftmaxRow softmax_row(const qkv_softmax_args& args, int64_t row) {
  return {.input = row_of(args.input, row),
          .bias = row_of(args.bias, row),
          .output = row_of(args.output, row),
          .mask = static_cast<const uint8_t*>(args.mask.data) + row * args.mask.stride[0],
          .mask_stride = args.mask.stride[1],
          .columns = args.output.shape[1],
          .scale = args.scale_is_set != 0 ? args.scale : 1.0F};
}

QKV_INLINE Mask visible(const SoftmaxRow& row, int64_t column, int64_t count) {
  Mask where = first_lanes(count);
  if (row.mask != nullptr) {
    alignas(64) float seen[lanes] = {};
    const uint8_t* mask = row.mask + column * row.mask_stride;
    for (int64_t i = 0; i < lanes && i < count; i++) seen[i] = mask[i * row.mask_stride] != 0 ? 1.0F : 0.0F;
    where = where & (load(seen) != broadcast(0.0F));
  }
  if (row.bias.present()) where = where & (row.bias.load(column, count) != broadcast(-infinity));
  return where;
}

inline float store_logits(const SoftmaxRow& row) {
  Floats greatest = broadcast(-infinity);
  for_vectors(row.columns, [&](int64_t column, int64_t count) {
    Floats logit = row.input.load(column, count) * broadcast(row.scale);
    if (row.bias.present()) logit = logit + row.bias.load(column, count);
    logit = select(visible(row, column, count), logit, broadcast(-infinity));
    greatest = max(logit, greatest);
    row.output.store(column, logit, count);
  });
  return max_of_lanes(greatest);
}

inline float store_weights(const SoftmaxRow& row, float greatest) {
  // Without a finite logit, -inf - 0 instead of -inf - -inf leaves NaN to rows that contain one.
  const Floats shift = broadcast(greatest == -infinity ? 0.0F : greatest);
  Doubles sum{};
  for_vectors(row.columns, [&](int64_t column, int64_t count) {
    const Floats weight = exp2((row.output.load(column, count) - shift) * broadcast(log2_e));
    row.output.store(column, weight, count);
    sum = sum + widen(select(first_lanes(count), weight, broadcast(0.0F)));
  });
  return static_cast<float>(sum_of_lanes(sum));
}

// The quotients of a row with NaN would spoil the zeros of its invisible columns.
inline void store_quotients(const SoftmaxRow& row, float sum) {
  const bool spoiled = sum != sum;
  for_vectors(row.columns, [&](int64_t column, int64_t count) {
    Floats quotient = divide(row.output.load(column, count), broadcast(sum));
    if (spoiled) quotient = select(visible(row, column, count), quotient, broadcast(0.0F));
    row.output.store(column, quotient, count);
  });
}

inline void softmax_rows(const RowTask<qkv_softmax_args>& task) {
  for (int64_t index = task.first; index < task.last; index++) {
    const SoftmaxRow row = softmax_row(*task.args, index);
    const float sum = store_weights(row, store_logits(row));
    if (sum != 0) store_quotients(row, sum);  // else nothing is visible, and all weights are 0 already
  }
}

}  // namespace
}  // namespace qkv::QKV_ISA
