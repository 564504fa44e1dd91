// SPDX-License-Identifier: Apache-2.0
// The arguments that all entry points have in common: a versioned args struct, tasks, worker, pool, workspace.
#pragma once

#include <cstddef>
#include <cstring>

#include "api/error.hpp"
#include "plan/plan.hpp"
#include "qkv/pool.h"
#include "qkv/tuning.h"

namespace qkv {

// No caller knows less than this: every operation has an output.
template <class Args>
constexpr size_t least_size = offsetof(Args, output) + sizeof(qkv_tensor);
template <>
inline constexpr size_t least_size<qkv_tuning> = sizeof(size_t);

// Copies the fields the caller knows; the others are zero, their default. A newer caller's fields must be unused.
template <class Args>
qkv_status read_args(const Args* args, Args& copy, const char* name = "args") {
  if (args == nullptr) return fail(QKV_INVALID_ARGUMENT, "%s = NULL", name);
  const size_t size = args->size;
  // Beyond any struct there will be: the caller's size is not set, and must not lead past the struct.
  constexpr size_t most = 4096;
  if (size < least_size<Args> || size > most) {
    return fail(QKV_INVALID_ARGUMENT, "%s.size = %zu: must be sizeof of its struct, here %zu", name, size, sizeof copy);
  }
  copy = {};
  std::memcpy(static_cast<void*>(&copy), args, size < sizeof copy ? size : sizeof copy);
  for (size_t i = sizeof copy; i < size; i++) {
    if (reinterpret_cast<const unsigned char*>(args)[i] != 0) {
      return fail(QKV_UNSUPPORTED, "%s.size = %zu: byte %zu is set, but this library knows only %zu bytes", name, size,
                  i, sizeof copy);
    }
  }
  copy.size = sizeof copy;
  return QKV_OK;
}

// What one call of a worker does.
struct Share {
  int64_t first_task, last_task;
  int32_t worker;
  void* workspace;  // of all workers
};
qkv_status check_share(const PlanHeader& header, const Share& share);

// The aligned workspace slot of a worker.
char* worker_slot(const PlanHeader& header, const Share& share);

qkv_status check_pool(const qkv_pool* pool);
qkv_status check_workspace(const PlanHeader& header, int32_t workers, const void* workspace, size_t bytes);

}  // namespace qkv
