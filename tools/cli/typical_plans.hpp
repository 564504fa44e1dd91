// SPDX-License-Identifier: Apache-2.0
// What the library would do for problems that runtimes meet every day, told by its own plans.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "qkv/types.h"

namespace qkv::tools {

struct TypicalPlan {
  std::string problem;
  std::string kernel;  // "attention.prefill.f32.plain@avx512"
  qkv_plan_facts facts;
};

std::vector<TypicalPlan> typical_plans(int32_t workers);

// Sizes that the tier in use rounds to, as plans and packed weights show them.
struct TileFacts {
  int64_t matmul_panel_columns;   // a packed weight's columns come in multiples of this
  int64_t prefill_rows_per_task;  // query rows that share a block of K and V
};

TileFacts tile_facts();

}  // namespace qkv::tools
