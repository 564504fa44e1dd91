// SPDX-License-Identifier: Apache-2.0
// A call with fewer tasks than keep a pool's workers busy: tasks are cut into parts, which all workers compute, and the
// parts joined, task by task. An operation that can do so has
//
//   Parts                                               what parts of all tasks there are, a plain value
//   find_parts(plan, args, workspace)                   parts.spans of them for each task
//   compute_parts(plan, args, parts, first, last, slot)
//   join_parts(plan, args, parts, first, last, slot)    of tasks, after all parts
#pragma once

#include "api/operation.hpp"

namespace qkv {

template <class Op>
struct PartedCall {
  Call<Op>& call;
  const qkv_pool& pool;
  typename Op::Parts parts{};

  qkv_status run() {
    const PlanHeader& header = call.plan.header;
    const Share behind_all{0, 0, pool.worker_count, call.workspace};
    parts = Op::find_parts(call.plan, call.args, worker_slot(header, behind_all));
    if (parts.spans > 0) pool.parallel_for(pool.context, header.task_count * parts.spans, &run_parts, this);
    // A pool that asked for what there is not has failed, and there may be nothing to join.
    if (call.status.load() == QKV_OK) pool.parallel_for(pool.context, header.task_count, &run_joins, this);
    return call.status.load();
  }

  template <auto compute>
  void run_share(int64_t count, const Share& share) {
    PlanHeader header = call.plan.header;
    header.task_count = count;
    const qkv_status wrong = check_share(header, share);
    if (wrong != QKV_OK) return call.status.store(wrong, std::memory_order_relaxed);
    const FloatEnvironment environment;
    compute(call.plan, call.args, parts, {share.first_task, share.last_task, worker_slot(header, share)});
  }

  static void run_parts(void* context, int64_t first, int64_t last, int32_t worker) {
    auto& own = *static_cast<PartedCall*>(context);
    const int64_t count = own.call.plan.header.task_count * own.parts.spans;
    own.template run_share<Op::compute_parts>(count, {first, last, worker, own.call.workspace});
  }
  static void run_joins(void* context, int64_t first, int64_t last, int32_t worker) {
    auto& own = *static_cast<PartedCall*>(context);
    const int64_t count = own.call.plan.header.task_count;
    own.template run_share<Op::join_parts>(count, {first, last, worker, own.call.workspace});
  }
};

}  // namespace qkv
