// SPDX-License-Identifier: Apache-2.0
// Plan, run and call of every operation. Operations differ in a struct of static members:
//
//   Args, Body                           the public arguments; what a plan holds, `args` in plain form among it
//   operation                            its tag in the plan's header
//   check_options(args)                  what is neither view nor data; brings flags to 0 or 1
//   operands(planned, args)              the views, with the shapes they must have
//   make_plan(args, plan)                checked args -> plan; may find more that is wrong
//   describe(args, plan)                 what a plan tells of itself, which a call does not need
//   check_fit(body, args)                the options are those of the plan
//   check_contents(plan, args, first, last)   data that could lead these tasks out of an operand
//   compute(plan, args, first, last, slot)    trusts everything
//   Parts                                optional: tasks can be cut into parts, see parted_call.hpp
#pragma once

#include <atomic>

#include "api/arguments.hpp"
#include "api/error.hpp"
#include "api/float_environment.hpp"
#include "api/operands.hpp"

namespace qkv {

template <class Op>
qkv_status make_checked_plan(const typename Op::Args* args, typename Op::Args& checked, Plan<typename Op::Body>& plan) {
  if (const qkv_status status = read_args(args, checked); status != QKV_OK) return status;
  if (const qkv_status status = Op::check_options(checked); status != QKV_OK) return status;
  if (const qkv_status status = check_forms(Op::operands(checked, checked)); status != QKV_OK) return status;
  return Op::make_plan(checked, plan);
}

template <class Op>
qkv_status check_data(const Plan<typename Op::Body>& plan, typename Op::Args& args, int64_t first, int64_t last) {
  if (const qkv_status status = check_memory(Op::operands(plan.body.args, args)); status != QKV_OK) return status;
  return Op::check_contents(plan, args, first, last);
}

template <class Op>
void compute(const Plan<typename Op::Body>& plan, const typename Op::Args& args, const Share& share) {
  const FloatEnvironment environment;
  Op::compute(plan, args, share.first_task, share.last_task, worker_slot(plan.header, share));
}

template <class Op>
qkv_status plan_operation(const typename Op::Args* args, qkv_plan* storage) {
  const FloatEnvironment environment;  // plans hold scales and counts of operations
  typename Op::Args checked;
  Plan<typename Op::Body> plan;
  if (storage == nullptr) return fail(QKV_INVALID_ARGUMENT, "plan = NULL");
  if (const qkv_status status = make_checked_plan<Op>(args, checked, plan); status != QKV_OK) return status;
  plan.header.magic = plan_magic;
  plan.header.operation = Op::operation;
  Op::describe(checked, plan);
  forget_data(Op::operands(plan.body.args, plan.body.args));
  store_plan(plan, storage);
  return QKV_OK;
}

// The plan inside `storage`, and args that fit it, but for their data.
template <class Op>
qkv_status read_planned(const qkv_plan* storage, const typename Op::Args* args, const Plan<typename Op::Body>*& plan,
                        typename Op::Args& checked) {
  plan = read_plan<typename Op::Body>(storage, Op::operation);
  if (plan == nullptr) {
    return fail(QKV_INVALID_ARGUMENT, "plan = %p: not a plan of this operation", static_cast<const void*>(storage));
  }
  if (const qkv_status status = read_args(args, checked); status != QKV_OK) return status;
  if (const qkv_status status = Op::check_options(checked); status != QKV_OK) return status;
  if (const qkv_status status = Op::check_fit(plan->body, checked); status != QKV_OK) return status;
  return check_layouts(Op::operands(plan->body.args, checked));
}

template <class Op>
qkv_status run_operation(const qkv_plan* storage, const typename Op::Args* args, const Share& share) {
  const Plan<typename Op::Body>* plan;
  typename Op::Args checked;
  const qkv_status as_planned = read_planned<Op>(storage, args, plan, checked);
  if (as_planned != QKV_OK) return as_planned;
  if (const qkv_status status = check_share(plan->header, share); status != QKV_OK) return status;
  const qkv_status sound = check_data<Op>(*plan, checked, share.first_task, share.last_task);
  if (sound != QKV_OK) return sound;
  compute<Op>(*plan, checked, share);
  return QKV_OK;
}

template <class Op>
struct PartedCall;

// A call that was validated as a whole: its workers' shares are not looked at again, but for what the pool asks of
// them.
template <class Op>
struct Call {
  typename Op::Args args;
  Plan<typename Op::Body> plan;
  void* workspace;
  std::atomic<qkv_status> status{QKV_OK};

  qkv_status prepare(const typename Op::Args* caller_args, const qkv_pool* pool, size_t workspace_bytes) {
    const FloatEnvironment environment;
    const qkv_status wrong = make_checked_plan<Op>(caller_args, args, plan);
    return wrong != QKV_OK ? wrong : check_rest(pool, workspace_bytes);
  }

  qkv_status prepare_planned(const qkv_plan* storage, const typename Op::Args* caller_args, const qkv_pool* pool,
                             size_t workspace_bytes) {
    const Plan<typename Op::Body>* planned;
    const qkv_status wrong = read_planned<Op>(storage, caller_args, planned, args);
    if (wrong != QKV_OK) return wrong;
    plan = *planned;
    return check_rest(pool, workspace_bytes);
  }

  qkv_status check_rest(const qkv_pool* pool, size_t workspace_bytes) {
    if (const qkv_status wrong = check_pool(pool); wrong != QKV_OK) return wrong;
    const int32_t workers = pool == nullptr ? 1 : pool->worker_count;
    const qkv_status short_of = check_workspace(plan.header, workers, workspace, workspace_bytes);
    return short_of != QKV_OK ? short_of : check_data<Op>(plan, args, 0, plan.header.task_count);
  }

  qkv_status run(const qkv_pool* pool) {
    const int64_t tasks = plan.header.task_count;
    if (pool == nullptr || tasks == 0) {
      compute<Op>(plan, args, {0, tasks, 0, workspace});
      return QKV_OK;
    }
    if constexpr (requires { typename Op::Parts; }) {
      if (cuts_tasks(plan.header, pool->worker_count)) return PartedCall<Op>{*this, *pool}.run();
    }
    if (tasks == 1) {
      compute<Op>(plan, args, {0, tasks, 0, workspace});
      return QKV_OK;
    }
    pool->parallel_for(pool->context, tasks, &run_tasks, this);
    return status.load();
  }

  static void run_tasks(void* context, int64_t first_task, int64_t last_task, int32_t worker) {
    auto& call = *static_cast<Call*>(context);
    const Share share{first_task, last_task, worker, call.workspace};
    const qkv_status wrong = check_share(call.plan.header, share);
    if (wrong != QKV_OK) return call.status.store(wrong, std::memory_order_relaxed);
    compute<Op>(call.plan, call.args, share);
  }
};

template <class Op>
qkv_status call_operation(const typename Op::Args* args, const qkv_pool* pool, void* workspace, size_t bytes) {
  Call<Op> call;
  call.workspace = workspace;
  const qkv_status status = call.prepare(args, pool, bytes);
  return status == QKV_OK ? call.run(pool) : status;
}

// Workspace as a call brings it.
struct WorkspaceBytes {
  void* data;
  size_t size;
};

// The same with a plan.
template <class Op>
qkv_status run_all(const qkv_plan* storage, const typename Op::Args* args, const qkv_pool* pool,
                   const WorkspaceBytes& workspace) {
  Call<Op> call;
  call.workspace = workspace.data;
  const qkv_status status = call.prepare_planned(storage, args, pool, workspace.size);
  return status == QKV_OK ? call.run(pool) : status;
}

}  // namespace qkv
