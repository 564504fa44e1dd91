// SPDX-License-Identifier: Apache-2.0
// Rows of a table, chosen by ids that were checked before.
#pragma once

#include "kernels/kernel_table.hpp"
#include "kernels/simd/load_store.hpp"

namespace qkv::QKV_ISA {
namespace {

inline void put_row(Row from, Row to, int64_t columns, bool accumulate) {
  for_vectors(columns, [&](int64_t column, int64_t count) {
    Floats values = from.load(column, count);
    if (accumulate) values = to.load(column, count) + values;
    to.store(column, values, count);
  });
}

inline void embedding_rows(const RowTask<qkv_embedding_args>& task) {
  const qkv_embedding_args& args = *task.args;
  for (int64_t row = task.first; row < task.last; row++) {
    put_row(row_of(args.table, args.ids[row]), row_of(args.output, row), args.output.shape[1], args.accumulate != 0);
  }
}

}  // namespace
}  // namespace qkv::QKV_ISA
