// SPDX-License-Identifier: Apache-2.0
#include "plan/row_plan.hpp"

#include <algorithm>
#include <cstdio>

namespace qkv {

RowBlocks make_row_blocks(const RowProblem& problem, int32_t tier, const Tuning& tuning) {
  // Without columns there is nothing to do, and no task either.
  const int64_t rows = problem.columns == 0 ? 0 : problem.rows;
  const int64_t columns = std::max<int64_t>(1, problem.columns);
  return {tier, rows, std::max<int64_t>(1, tuning.row_elements_per_task / columns)};
}

PlanHeader make_row_header(const RowProblem& problem, const RowBlocks& blocks) {
  PlanHeader header{};
  header.magic = plan_magic;
  header.operation = problem.operation;
  std::snprintf(header.kernel, sizeof header.kernel, "%s.f32@%s", problem.variant,
                kernels_of_tier(blocks.tier).rows.isa);
  header.task_count = blocks.rows / blocks.rows_per_task + (blocks.rows % blocks.rows_per_task != 0 ? 1 : 0);
  header.flops = problem.flops;
  header.bytes = problem.bytes;
  return header;
}

RowRange rows_of_tasks(const RowBlocks& blocks, int64_t first_task, int64_t last_task) {
  const int64_t first = first_task * blocks.rows_per_task;
  // A last task that is cut short must not overflow on its way to the number of rows.
  const int64_t last = last_task > blocks.rows / blocks.rows_per_task ? blocks.rows : last_task * blocks.rows_per_task;
  return {std::min(first, blocks.rows), last};
}

}  // namespace qkv
