// SPDX-License-Identifier: Apache-2.0
// What the row-wise operations have in common. Op adds to the members of an operation:
//
//   kernel                  its place in the table
//   flops_per_element
//   name(args)              first part of the kernel id
#pragma once

#include <cstdio>

#include "api/operation.hpp"
#include "plan/row_plan.hpp"

namespace qkv {

// Of an output whose form was checked, so that this fits.
inline int64_t elements_per_row(const qkv_tensor& output) {
  int64_t elements = empty(output) ? 0 : 1;
  for (int axis = 1; axis < output.rank; axis++) elements *= output.shape[axis];
  return elements;
}

template <class Op, class RowArgs>
struct RowOperation {
  using Args = RowArgs;
  using Body = RowPlan<Args>;

  static qkv_status make_plan(const Args& args, Plan<Body>& plan) {
    const RowBlocks blocks = make_row_blocks(args.output.shape[0], elements_per_row(args.output), Tuning{});
    plan = {{}, {blocks, args}};
    plan.header.task_count = divide_up(blocks.rows, blocks.rows_per_task);
    return QKV_OK;
  }

  static void describe(Args& args, Plan<Body>& plan) {
    PlanHeader& header = plan.header;
    const int64_t rows = args.output.shape[0];
    std::snprintf(header.kernel, sizeof header.kernel, "%s.f32@%s", Op::name(args),
                  kernels_of_tier(plan.body.blocks.tier).rows.isa);
    header.flops =
        Op::flops_per_element * static_cast<double>(rows) * static_cast<double>(elements_per_row(args.output));
    header.bytes = bytes_of(Op::operands(args, args), rows);
  }

  static qkv_status check_contents(const Plan<Body>& plan, const Args& args, int64_t first, int64_t last) {
    return Op::check_rows(args, rows_of_tasks(plan.body.blocks, first, last));
  }

  static void compute(const Plan<Body>& plan, const Args& args, int64_t first, int64_t last, char*) {
    const RowRange rows = rows_of_tasks(plan.body.blocks, first, last);
    const RowKernels& kernels = *kernels_of_tier(plan.body.blocks.tier).rows.kernels;
    (kernels.*Op::kernel)({&args, rows.first, rows.last});
  }

  // For operations without options that a plan depends on, and without data that is checked.
  static qkv_status check_options(const Args&) { return QKV_OK; }
  static qkv_status check_fit(const Body&, const Args&) { return QKV_OK; }
  static qkv_status check_rows(const Args&, RowRange) { return QKV_OK; }
};

// A matrix of an operation's rows.
inline ViewRule rows_of(const char* name, Role role, int64_t rows, int64_t columns) {
  return {name, role, QKV_F32, 2, {rows, columns}};
}

}  // namespace qkv
