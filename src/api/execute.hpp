// SPDX-License-Identifier: Apache-2.0
// What every operation's entry points do in the same way: read a versioned args struct, check a task range, run a plan
// on a pool.
#pragma once

#include <atomic>
#include <cstring>

#include "api/error.hpp"
#include "plan/plan.hpp"
#include "qkv/pool.h"

namespace qkv {

// Copies the fields the caller knows; the others are zero, their default. A newer caller's fields must be unused.
template <class Args>
qkv_status read_args(const Args* args, Args& copy) {
  if (args == nullptr) return fail(QKV_INVALID_ARGUMENT, "args = NULL");
  const size_t size = args->size;
  // Beyond any struct there will be: the caller's size is not set, and must not lead past the struct.
  constexpr size_t most = 4096;
  if (size < sizeof size || size > most) {
    return fail(QKV_INVALID_ARGUMENT, "args.size = %zu: must be sizeof of the struct", size);
  }
  copy = {};
  std::memcpy(static_cast<void*>(&copy), args, size < sizeof copy ? size : sizeof copy);
  for (size_t i = sizeof copy; i < size; i++) {
    if (reinterpret_cast<const unsigned char*>(args)[i] != 0) {
      return fail(QKV_UNSUPPORTED, "args.size = %zu: byte %zu is set, but this library knows only %zu bytes", size, i,
                  sizeof copy);
    }
  }
  copy.size = sizeof copy;
  return QKV_OK;
}

qkv_status check_range(const PlanHeader& header, int64_t first_task, int64_t last_task, int32_t worker,
                       const void* workspace);

// The aligned workspace slot of a worker.
char* worker_slot(const PlanHeader& header, int32_t worker, void* workspace);

qkv_status check_pool(const qkv_pool* pool);
qkv_status check_workspace(const PlanHeader& header, int32_t workers, const void* workspace, size_t bytes);

// One operation's plan and run, for execute().
template <class Args>
struct EntryPoints {
  qkv_status (*plan)(const Args*, qkv_plan*);
  qkv_status (*run)(const qkv_plan*, const Args*, int64_t, int64_t, int32_t, void*);
};

template <class Args>
struct Execution {
  EntryPoints<Args> entry;
  const qkv_plan* plan;
  const Args* args;
  void* workspace;
  std::atomic<int> status{QKV_OK};

  static void run_tasks(void* context, int64_t first_task, int64_t last_task, int32_t worker) {
    auto* self = static_cast<Execution*>(context);
    const int status = self->entry.run(self->plan, self->args, first_task, last_task, worker, self->workspace);
    if (status != QKV_OK) self->status.store(status, std::memory_order_relaxed);
  }
};

template <class Args>
qkv_status execute(EntryPoints<Args> entry, const Args* args, const qkv_pool* pool, void* workspace, size_t bytes) {
  qkv_plan plan;
  if (const qkv_status status = entry.plan(args, &plan); status != QKV_OK) return status;
  if (const qkv_status status = check_pool(pool); status != QKV_OK) return status;
  const auto& header = *reinterpret_cast<const PlanHeader*>(&plan);
  const int32_t workers = pool == nullptr ? 1 : pool->worker_count;
  if (const qkv_status status = check_workspace(header, workers, workspace, bytes); status != QKV_OK) return status;
  // An empty range validates the data, so that a bad call fails here with its message and not in some worker.
  if (const qkv_status status = entry.run(&plan, args, 0, 0, 0, workspace); status != QKV_OK) return status;
  if (pool == nullptr || header.task_count <= 1) return entry.run(&plan, args, 0, header.task_count, 0, workspace);
  Execution<Args> execution{entry, &plan, args, workspace};
  pool->parallel_for(pool->context, header.task_count, &Execution<Args>::run_tasks, &execution);
  return static_cast<qkv_status>(execution.status.load());
}

}  // namespace qkv
