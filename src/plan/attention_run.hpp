// SPDX-License-Identifier: Apache-2.0
// What a worker does of an attention plan: whole tasks, or parts of them, which are then joined.
#pragma once

#include "plan/attention_plan.hpp"

namespace qkv {

// Batch entries that tasks [first_task, last_task) read: `count` of them from `first` on; after the last comes entry 0.
struct BatchRange {
  int64_t first, count;
};
BatchRange batches_of_tasks(const AttentionPlan& plan, int64_t first_task, int64_t last_task);

// What a worker has to itself: tasks, and its slot of the workspace.
struct AttentionShare {
  int64_t first, last;
  char* slot;
};

void run_attention(const Plan<AttentionPlan>& plan, const qkv_attention_args& args, const AttentionShare& share);

// Each task's spans of keys, as many as some task needs, one part each; and what they leave, task by task.
struct AttentionParts {
  int64_t first_span, spans;
  float* data;
};
AttentionParts find_parts(const Plan<AttentionPlan>& plan, const qkv_attention_args& args, char* workspace);

// A share of the parts of all tasks, of which there are task_count * spans; then, with all of them done, of the tasks.
void run_attention_parts(const Plan<AttentionPlan>& plan, const qkv_attention_args& args, const AttentionParts& parts,
                         const AttentionShare& share);
void join_attention_parts(const Plan<AttentionPlan>& plan, const qkv_attention_args& args, const AttentionParts& parts,
                          const AttentionShare& share);

}  // namespace qkv
