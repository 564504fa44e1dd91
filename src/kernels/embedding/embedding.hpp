// SPDX-License-Identifier: Apache-2.0
// Rows of a table, chosen by ids that were checked before.
#pragma once

#include "kernels/kernel_table.hpp"
#include "kernels/simd/load_store.hpp"

namespace qkv::QKV_ISA {
namespace {

inline void embedding_rows(const RowTask<qkv_embedding_args>& task) {
  const qkv_embedding_args& args = *task.args;
  for (int64_t row = task.first; row < task.last; row++) {
    put_row(row_of(args.table, args.ids[row]), row_of(args.output, row), args.output.shape[1], args.accumulate != 0);
  }
}

}  // namespace
}  // namespace qkv::QKV_ISA
