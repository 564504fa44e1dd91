// SPDX-License-Identifier: Apache-2.0
// Data that names rows of another matrix, or positions: checked before it leads anywhere.
#pragma once

#include "plan/row_plan.hpp"

namespace qkv {

struct RowIds {
  const char* name;
  const int64_t* ids;
  int64_t limit;  // 0 <= id < limit
};

// That the ids of these rows of the output are there, in bounds, and that all of them lie apart from the output.
qkv_status check_ids(const RowIds& ids, const qkv_tensor& output, RowRange rows);

// The same for positions, or without them for those that count up from `first`.
qkv_status check_positions(const RowIds& positions, int64_t first, const qkv_tensor& output, RowRange rows);

}  // namespace qkv
