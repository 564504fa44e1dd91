// SPDX-License-Identifier: Apache-2.0
// What the row-wise operations have in common. Op adds to the members of an operation:
//
//   kernel                  its place in the table
//   flops_per_element
//   name(args)              first part of the kernel id
#pragma once

#include "api/operation.hpp"
#include "plan/row_plan.hpp"

namespace qkv {

template <class Op, class RowArgs>
struct RowOperation {
  using Args = RowArgs;
  using Body = RowPlan<Args>;

  static qkv_status make_plan(Args& args, Plan<Body>& plan) {
    const int64_t rows = args.output.shape[0], columns = args.output.shape[1];
    const double elements = static_cast<double>(rows) * static_cast<double>(columns);
    const RowProblem problem{Op::operation,
                             Op::name(args),
                             rows,
                             columns,
                             Op::flops_per_element * elements,
                             bytes_of(Op::operands(args, args), rows)};
    plan.body.blocks = make_row_blocks(problem, active_tier(), Tuning{});
    plan.body.args = args;
    plan.header = make_row_header(problem, plan.body.blocks);
    return QKV_OK;
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
  static bool fits(const Body&, const Args&) { return true; }
  static qkv_status check_rows(const Args&, RowRange) { return QKV_OK; }
};

// A matrix of an operation's rows.
inline ViewRule rows_of(const char* name, Role role, int64_t rows, int64_t columns) {
  return {name, role, QKV_F32, 2, {rows, columns}};
}

}  // namespace qkv
