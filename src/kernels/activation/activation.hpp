// SPDX-License-Identifier: Apache-2.0
// Activations of whole rows, and gated units: one pass, element by element.
#pragma once

#include "kernels/activation/activate.hpp"
#include "kernels/kernel_table.hpp"
#include "kernels/simd/load_store.hpp"

namespace qkv::QKV_ISA {
namespace {

inline void activation_rows(const RowTask<qkv_activation_args>& task) {
  const qkv_activation_args& args = *task.args;
  const int32_t kind = args.kind;
  for (int64_t index = task.first; index < task.last; index++) {
    const Row input = row_of(args.input, index), output = row_of(args.output, index);
    const Row multiplier = row_of(args.multiplier, index);
    for_vectors(args.output.shape[1], [&](int64_t column, int64_t count) {
      Floats value = activate(kind, input.load(column, count));
      if (multiplier.present()) value = value * multiplier.load(column, count);
      output.store(column, value, count);
    });
  }
}

}  // namespace
}  // namespace qkv::QKV_ISA
