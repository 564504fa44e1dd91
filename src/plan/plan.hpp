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

struct PlanHeader {
  uint32_t magic;
  Operation operation;
  char kernel[64];  // "attention.prefill.f32.plain@avx512"
  int64_t task_count;
  int64_t worker_bytes;  // workspace of one worker, a multiple of a cache line
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

// Workers' slots follow one another; the slack aligns the first. SIZE_MAX: more than there can be.
inline size_t workspace_bytes(const PlanHeader& header, int64_t workers) {
  constexpr auto slack = static_cast<size_t>(cache_line - 1);
  size_t bytes = 0;
  if (header.worker_bytes == 0) return 0;
  const bool overflows =
      __builtin_mul_overflow(header.worker_bytes, workers, &bytes) || __builtin_add_overflow(bytes, slack, &bytes);
  return overflows ? SIZE_MAX : bytes;
}

inline int64_t divide_up(int64_t value, int64_t divisor) {
  return value / divisor + (value % divisor != 0 ? 1 : 0);
}
inline int64_t round_up(int64_t value, int64_t multiple) {
  return divide_up(value, multiple) * multiple;
}

}  // namespace qkv
