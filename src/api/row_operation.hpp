// SPDX-License-Identifier: Apache-2.0
// Plan and run of the row-wise operations, which differ in what RowOperation says.
#pragma once

#include "api/execute.hpp"
#include "api/float_environment.hpp"
#include "api/row_views.hpp"

namespace qkv {

// The arguments that every run function has.
struct TaskRange {
  int64_t first, last;
  int32_t worker;
  const void* workspace;
};

template <class Args>
struct RowOperation {
  Operation operation;
  RowFunction<Args> RowKernels::*kernel;
  double flops_per_element;
  const char* (*variant)(const Args&);       // first part of the kernel id, by kind; called with checked options
  qkv_status (*check_options)(const Args&);  // what is neither view nor data; before the views are looked at
  RowViews (*views)(Args&);
  qkv_status (*check_contents)(const Args&, RowRange);  // data that could lead out of an operand; or null
};

template <class Args>
qkv_status check_row_args(const RowOperation<Args>& operation, const Args* args, Args& checked) {
  if (const qkv_status status = read_args(args, checked); status != QKV_OK) return status;
  if (const qkv_status status = operation.check_options(checked); status != QKV_OK) return status;
  return check_forms(operation.views(checked));
}

template <class Args>
qkv_status plan_rows(const RowOperation<Args>& operation, const Args* args, qkv_plan* storage) {
  if (storage == nullptr) return fail(QKV_INVALID_ARGUMENT, "plan = NULL");
  Args checked;
  if (const qkv_status status = check_row_args(operation, args, checked); status != QKV_OK) return status;
  const RowViews views = operation.views(checked);
  const double elements = static_cast<double>(views.rows) * static_cast<double>(views.columns);
  const RowProblem problem{operation.operation,
                           operation.variant(checked),
                           views.rows,
                           views.columns,
                           operation.flops_per_element * elements,
                           bytes_of(views)};
  Plan<RowPlan> plan{};
  plan.body.blocks = make_row_blocks(problem, active_tier(), Tuning{});
  plan.body.variant = problem.variant;
  store_layouts(views, plan.body);
  plan.header = make_row_header(problem, plan.body.blocks);
  store_plan(plan, storage);
  return QKV_OK;
}

// Ids are checked where they are used; an empty range, with which the convenience call begins, checks all of them.
template <class Args>
qkv_status check_row_data(const RowOperation<Args>& operation, Args& args, RowRange rows) {
  if (const qkv_status status = check_memory(operation.views(args)); status != QKV_OK) return status;
  if (operation.check_contents == nullptr) return QKV_OK;
  return operation.check_contents(args, rows.first < rows.last ? rows : RowRange{0, args.output.shape[0]});
}

template <class Args>
qkv_status run_rows(const RowOperation<Args>& operation, const qkv_plan* storage, const Args* args, TaskRange tasks) {
  const auto* plan = read_plan<RowPlan>(storage, operation.operation);
  if (plan == nullptr) return fail(QKV_INVALID_ARGUMENT, "plan: not a plan of this operation");
  Args checked;
  if (const qkv_status status = check_row_args(operation, args, checked); status != QKV_OK) return status;
  if (!same_layouts(plan->body, operation.views(checked)) || plan->body.variant != operation.variant(checked)) {
    return fail(QKV_INVALID_ARGUMENT, "args: not what the plan was made for");
  }
  const qkv_status in_range = check_range(plan->header, tasks.first, tasks.last, tasks.worker, tasks.workspace);
  if (in_range != QKV_OK) return in_range;
  const RowRange rows = rows_of_tasks(plan->body.blocks, tasks.first, tasks.last);
  if (const qkv_status status = check_row_data(operation, checked, rows); status != QKV_OK) return status;
  const FloatEnvironment environment;
  const RowKernels& kernels = *kernels_of_tier(plan->body.blocks.tier).rows.kernels;
  (kernels.*operation.kernel)({&checked, rows.first, rows.last});
  return QKV_OK;
}

}  // namespace qkv
