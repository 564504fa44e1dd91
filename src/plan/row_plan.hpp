// SPDX-License-Identifier: Apache-2.0
// Row-wise operations: tasks are blocks of whole rows, without workspace.
#pragma once

#include "dispatch/isa_registry.hpp"
#include "plan/plan.hpp"
#include "plan/tuning.hpp"

namespace qkv {

struct RowBlocks {
  int32_t tier;
  int64_t rows, rows_per_task;
};

template <class Args>
struct RowPlan {
  RowBlocks blocks;
  Args args;  // checked, in plain form
};

RowBlocks make_row_blocks(int64_t rows, int64_t columns, const Tuning& tuning);

// Rows of tasks [first_task, last_task).
struct RowRange {
  int64_t first, last;
};
RowRange rows_of_tasks(const RowBlocks& blocks, int64_t first_task, int64_t last_task);

}  // namespace qkv
