// SPDX-License-Identifier: Apache-2.0
// What stands inside the opaque qkv_plan: a header that all operations share and a body of their own.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "qkv/types.h"

namespace qkv {

enum class Operation : uint32_t {
  none,
  attention,
  matmul,
  softmax,
  norm,
  activation,
  embedding,
  position,
  rope,
  rope_table,
  kv_append,
  kv_unpack,
  kv_copy
};

inline constexpr uint32_t plan_magic = 0x716b7670;  // "qkvp"
inline constexpr int64_t cache_line = 64;
// With so many tasks for each worker, one more or less is no loss.
inline constexpr int64_t tasks_for_worker = 4;

struct PlanHeader {
  uint32_t magic;
  Operation operation;
  char kernel[64];  // "attention.prefill.f32.plain@avx512"
  int64_t task_count;
  int64_t worker_bytes;  // workspace of one worker, a multiple of a cache line
  int64_t part_count;    // of a task, into which few tasks are cut for many workers; 0: a task is never cut
  int64_t part_bytes;    // workspace of what a part leaves, behind that of all workers; a multiple of a cache line
  double flops;
  double bytes;
};

template <class Body>
struct Plan {
  PlanHeader header;
  Body body;
};

template <class Body>
void store_plan(const Plan<Body>& plan, qkv_plan* storage) {
  static_assert(std::is_trivially_copyable_v<Plan<Body>> && sizeof(Plan<Body>) <= sizeof(qkv_plan));
  *storage = {};
  std::memcpy(storage, &plan, sizeof plan);
}

// The plan inside `storage`, or nullptr if it holds none of this operation.
template <class Body>
const Plan<Body>* read_plan(const qkv_plan* storage, Operation operation) {
  const auto* plan = reinterpret_cast<const Plan<Body>*>(storage);
  const bool valid = plan != nullptr && plan->header.magic == plan_magic && plan->header.operation == operation;
  return valid ? plan : nullptr;
}

// What parts of all tasks leave. 0 where tasks are many enough, or one.
inline size_t bytes_of_parts(const PlanHeader& header, int64_t workers) {
  size_t bytes;
  if (workers == 1 || header.part_count < 2 || header.task_count / tasks_for_worker >= workers) return 0;
  const bool overflows = __builtin_mul_overflow(header.task_count, header.part_count, &bytes) ||
                         __builtin_mul_overflow(bytes, header.part_bytes, &bytes);
  return overflows ? 0 : bytes;
}

// Whether workers would wait for one another if each task were one worker's.
inline bool cuts_tasks(const PlanHeader& header, int64_t workers) {
  return bytes_of_parts(header, workers) > 0 && header.task_count % workers != 0;
}

// Workers' slots follow one another, and parts; the slack aligns the first. SIZE_MAX: more than there can be.
inline size_t workspace_bytes(const PlanHeader& header, int64_t workers) {
  constexpr auto slack = static_cast<size_t>(cache_line - 1);
  size_t bytes = 0;
  if (header.worker_bytes == 0) return 0;
  const bool overflows = __builtin_mul_overflow(header.worker_bytes, workers, &bytes) ||
                         __builtin_add_overflow(bytes, slack, &bytes) ||
                         __builtin_add_overflow(bytes, bytes_of_parts(header, workers), &bytes);
  return overflows ? SIZE_MAX : bytes;
}

inline int64_t divide_up(int64_t value, int64_t divisor) {
  return value / divisor + (value % divisor != 0 ? 1 : 0);
}
inline int64_t round_up(int64_t value, int64_t multiple) {
  return divide_up(value, multiple) * multiple;
}

}  // namespace qkv
