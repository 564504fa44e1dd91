// SPDX-License-Identifier: Apache-2.0
// Matmul: tasks are column panel x block of rows.
#pragma once

#include "plan/packed_weight.hpp"
#include "plan/tuning.hpp"

namespace qkv {

struct MatmulPlan {
  qkv_matmul_args args;  // checked, in plain form, without data
  PackedHeader weight;
  int64_t rows_per_task, row_blocks;
  int64_t panels_per_task, panel_blocks;
  int64_t depth_block;
  bool copies_input;
};

Plan<MatmulPlan> make_matmul_plan(const qkv_matmul_args& args, const PackedHeader& weight, const Tuning& tuning);

// What a plan tells of itself: the kernel's name, flops, bytes.
void describe_matmul(const qkv_matmul_args& args, Plan<MatmulPlan>& plan);

void run_matmul(const Plan<MatmulPlan>& plan, const qkv_matmul_args& args, int64_t first_task, int64_t last_task,
                char* workspace);

}  // namespace qkv
