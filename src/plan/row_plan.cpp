// SPDX-License-Identifier: Apache-2.0
#include "plan/row_plan.hpp"

#include <algorithm>

namespace qkv {

RowBlocks make_row_blocks(int64_t rows, int64_t columns, const Tuning& tuning) {
  // Without columns there is nothing to do, and no task either.
  if (columns == 0) return {active_tier(), 0, 1};
  return {active_tier(), rows, std::max<int64_t>(1, tuning.row_elements_per_task / columns)};
}

RowRange rows_of_tasks(const RowBlocks& blocks, int64_t first_task, int64_t last_task) {
  const int64_t first = first_task * blocks.rows_per_task;
  // A last task that is cut short must not overflow on its way to the number of rows.
  const int64_t last = last_task > blocks.rows / blocks.rows_per_task ? blocks.rows : last_task * blocks.rows_per_task;
  return {std::min(first, blocks.rows), last};
}

}  // namespace qkv
