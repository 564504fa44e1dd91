// SPDX-License-Identifier: Apache-2.0
#include "api/arguments.hpp"

namespace qkv {

qkv_status check_share(const PlanHeader& header, const Share& share) {
  const auto [first, last, worker, workspace] = share;
  if (first < 0 || last < first || last > header.task_count) {
    return fail(QKV_INVALID_ARGUMENT, "tasks [%lld, %lld): the plan has %lld tasks", static_cast<long long>(first),
                static_cast<long long>(last), static_cast<long long>(header.task_count));
  }
  if (worker < 0) return fail(QKV_INVALID_ARGUMENT, "worker = %d: must not be negative", worker);
  const size_t needed = workspace_bytes(header, int64_t{worker} + 1);
  if (needed == SIZE_MAX) {
    return fail(QKV_INVALID_ARGUMENT, "worker = %d: no workspace reaches that far", worker);
  }
  if (workspace == nullptr && header.worker_bytes > 0 && first < last) {
    return fail(QKV_WORKSPACE_TOO_SMALL, "workspace = NULL: worker %d needs %zu bytes", worker, needed);
  }
  return QKV_OK;
}

char* worker_slot(const PlanHeader& header, const Share& share) {
  const auto misaligned = reinterpret_cast<uintptr_t>(share.workspace) % static_cast<uintptr_t>(cache_line);
  const auto slack = static_cast<int64_t>((static_cast<uintptr_t>(cache_line) - misaligned) % cache_line);
  return static_cast<char*>(share.workspace) + slack + header.worker_bytes * share.worker;
}

qkv_status check_pool(const qkv_pool* pool) {
  if (pool == nullptr) return QKV_OK;
  if (pool->worker_count < 1) {
    return fail(QKV_INVALID_ARGUMENT, "pool.worker_count = %d: must be at least 1", pool->worker_count);
  }
  if (pool->parallel_for == nullptr) return fail(QKV_INVALID_ARGUMENT, "pool.parallel_for = NULL");
  return QKV_OK;
}

qkv_status check_workspace(const PlanHeader& header, int32_t workers, const void* workspace, size_t bytes) {
  const size_t needed = workspace_bytes(header, workers);
  if (bytes < needed || needed == SIZE_MAX || (workspace == nullptr && needed > 0)) {
    return fail(QKV_WORKSPACE_TOO_SMALL, "workspace_bytes = %zu: %zu are needed for %d workers",
                workspace == nullptr ? size_t{0} : bytes, needed, workers);
  }
  return QKV_OK;
}

}  // namespace qkv

qkv_plan_facts qkv_plan_describe(const qkv_plan* plan, int32_t workers) {
  const auto* header = reinterpret_cast<const qkv::PlanHeader*>(plan);
  if (header == nullptr || header->magic != qkv::plan_magic) return {"", 0, 0, 0, 0};
  return {header->kernel, header->task_count, qkv::workspace_bytes(*header, workers < 1 ? 1 : workers), header->flops,
          header->bytes};
}
