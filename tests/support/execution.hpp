// SPDX-License-Identifier: Apache-2.0
// One way to call any operation: plan, a guarded workspace of exactly the right size, run.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "qkv/qkv.h"
#include "support/guarded_memory.hpp"
#include "support/pool.hpp"

namespace qkv_test {

template <typename Args>
struct Operation {
  qkv_status (*plan)(const Args*, qkv_plan*);
  qkv_status (*run)(const qkv_plan*, const Args*, int64_t, int64_t, int32_t, void*);
  qkv_status (*call)(const Args*, const qkv_pool*, void*, size_t);
};

inline constexpr Operation<qkv_attention_args> attention_operation{qkv_attention_plan, qkv_attention_run,
                                                                   qkv_attention};
inline constexpr Operation<qkv_matmul_args> matmul_operation{qkv_matmul_plan, qkv_matmul_run, qkv_matmul};
inline constexpr Operation<qkv_softmax_args> softmax_operation{qkv_softmax_plan, qkv_softmax_run, qkv_softmax};
inline constexpr Operation<qkv_norm_args> norm_operation{qkv_norm_plan, qkv_norm_run, qkv_norm};
inline constexpr Operation<qkv_activation_args> activation_operation{qkv_activation_plan, qkv_activation_run,
                                                                     qkv_activation};
inline constexpr Operation<qkv_embedding_args> embedding_operation{qkv_embedding_plan, qkv_embedding_run,
                                                                   qkv_embedding};
inline constexpr Operation<qkv_position_args> position_operation{qkv_position_plan, qkv_position_run, qkv_position};
inline constexpr Operation<qkv_rope_args> rope_operation{qkv_rope_plan, qkv_rope_run, qkv_rope};
inline constexpr Operation<qkv_rope_table_args> rope_table_operation{qkv_rope_table_plan, qkv_rope_table_run,
                                                                     qkv_rope_table};

inline constexpr Operation<qkv_kv_append_args> kv_append_operation{qkv_kv_append_plan, qkv_kv_append_run,
                                                                   qkv_kv_append};
inline constexpr Operation<qkv_kv_unpack_args> kv_unpack_operation{qkv_kv_unpack_plan, qkv_kv_unpack_run,
                                                                   qkv_kv_unpack};
inline constexpr Operation<qkv_kv_copy_args> kv_copy_operation{qkv_kv_copy_plan, qkv_kv_copy_run, qkv_kv_copy};

struct Execution {
  int32_t workers = 0;   // 0: no pool
  bool threads = false;  // a pool of real threads instead of a shuffled order on this one
  uint64_t seed = 1;
  FloatMode mode = {};
  bool several_tasks = false;  // the problem must be large enough for workers to share it
};

// Poisoned with 0xff (NaN as f32), at an odd address unless its size happens to be even.
class Workspace {
 public:
  explicit Workspace(size_t bytes) : memory_(bytes, Placement::back) {
    if (bytes > 0) std::memset(memory_.data(), 0xff, bytes);
  }
  void* data() const { return memory_.size() == 0 ? nullptr : memory_.data(); }
  size_t size() const { return memory_.size(); }

 private:
  GuardedMemory memory_;
};

template <typename Args>
qkv_status execute(const Operation<Args>& operation, const Args& args, const Execution& execution = {}) {
  const FloatModeScope scope(execution.mode);
  qkv_plan plan;
  if (const qkv_status status = operation.plan(&args, &plan); status != QKV_OK) return status;
  const qkv_plan_facts facts = qkv_plan_describe(&plan, std::max(1, execution.workers));
  if (execution.several_tasks) REQUIRE(facts.task_count > 1);
  const Workspace workspace(facts.workspace_bytes);
  qkv_status status;
  bool kept = true;
  if (execution.workers == 0) {
    status = operation.call(&args, nullptr, workspace.data(), workspace.size());
  } else {
    ShuffledPool pool(execution.workers, execution.threads, execution.seed, execution.mode);
    const qkv_pool handle = pool.handle();
    status = operation.call(&args, &handle, workspace.data(), workspace.size());
    kept = pool.modes_kept();
  }
  kept = kept && scope.kept();
  const FloatModeScope standard(execution.mode);  // exclusive-or twice: the framework may use floats again
  REQUIRE_MESSAGE(kept, "floating-point mode changed by the call: ", std::string(execution.mode.name));
  return status;
}

}  // namespace qkv_test
