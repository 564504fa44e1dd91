// SPDX-License-Identifier: Apache-2.0
#include "plan/attention_run.hpp"

#include <algorithm>

#include "plan/visible_keys.hpp"

namespace qkv {
namespace {

// What all tasks of a plan share. `visible` are the ranges that a task's rows see, in the worker's slot.
AttentionTask open_task(const AttentionPlan& body, const qkv_attention_args& args, char* slot, KeyRange*& visible) {
  auto* floats = reinterpret_cast<float*>(slot);
  visible = reinterpret_cast<KeyRange*>(floats + body.layout.visible);
  AttentionTask task{};
  task.args = &args;
  task.scale = body.scale;
  task.group = body.group;
  task.visible = visible;
  task.keys_per_block = body.keys_per_block;
  task.keys_per_span = body.keys_per_span;
  task.keys = {0, args.key.shape[2]};
  task.part_floats = body.part_floats;
  task.scratch = scratch_in(floats, body.layout);
  return task;
}

// Task `index` of the plan. Tasks run through heads, then batch entries, then blocks of rows.
void turn_to(const AttentionPlan& body, int64_t index, AttentionTask& task, KeyRange* visible) {
  const qkv_attention_args& args = *task.args;
  const int64_t key_heads = args.key.shape[1], heads = args.query.shape[0] * key_heads;
  // The last rows see most under a causal mask: their blocks come first.
  const int64_t block = body.row_blocks - 1 - index / heads;
  task.batch = index % heads / key_heads;
  task.key_head = index % heads % key_heads;
  task.first_row = block * body.rows_per_task;
  task.row_count = std::min(body.rows_per_task, args.query.shape[2] * body.group - task.first_row);
  find_visible_keys(args, {task.batch, task.first_row, task.row_count, body.group}, visible);
}

void write_weights(const AttentionPlan& body, const AttentionTask& task) {
  if (task.args->weights.rank != 0) body.kernels->weights(task);
}

}  // namespace

BatchRange batches_of_tasks(const AttentionPlan& plan, int64_t first_task, int64_t last_task) {
  if (first_task == last_task) return {0, 0};
  const int64_t batches = plan.args.query.shape[0], key_heads = plan.args.key.shape[1];
  const int64_t first = first_task / key_heads, last = (last_task - 1) / key_heads;
  return {first % batches, std::min(batches, last - first + 1)};
}

void run_attention(const Plan<AttentionPlan>& plan, const qkv_attention_args& args, const AttentionShare& share) {
  KeyRange* visible;
  AttentionTask task = open_task(plan.body, args, share.slot, visible);
  for (int64_t index = share.first; index < share.last; index++) {
    turn_to(plan.body, index, task, visible);
    plan.body.attend(task);
    write_weights(plan.body, task);
  }
}

AttentionParts find_parts(const Plan<AttentionPlan>& plan, const qkv_attention_args& args, char* workspace) {
  const int64_t span = plan.body.keys_per_span;
  KeyRange spans{INT64_MAX, 0};
  for (int64_t batch = 0; batch < args.query.shape[0]; batch++) {
    const KeyRange seen = seen_keys(args, batch);
    if (seen.begin >= seen.end) continue;
    spans = {std::min(spans.begin, seen.begin / span), std::max(spans.end, divide_up(seen.end, span))};
  }
  return {spans.begin, std::max<int64_t>(0, spans.end - spans.begin), reinterpret_cast<float*>(workspace)};
}

// The same span of all tasks before the next span: what ragged entries lack is at the end.
void run_attention_parts(const Plan<AttentionPlan>& plan, const qkv_attention_args& args, const AttentionParts& parts,
                         const AttentionShare& share) {
  const int64_t tasks = plan.header.task_count;
  KeyRange* visible;
  AttentionTask task = open_task(plan.body, args, share.slot, visible);
  for (int64_t index = share.first; index < share.last; index++) {
    const int64_t begin = (parts.first_span + index / tasks) * task.keys_per_span;
    turn_to(plan.body, index % tasks, task, visible);
    task.keys = {begin, begin + task.keys_per_span};
    task.parts = parts.data + (index % tasks * parts.spans + index / tasks) * task.part_floats;
    plan.body.attend(task);
  }
}

void join_attention_parts(const Plan<AttentionPlan>& plan, const qkv_attention_args& args, const AttentionParts& parts,
                          const AttentionShare& share) {
  KeyRange* visible;
  AttentionTask task = open_task(plan.body, args, share.slot, visible);
  for (int64_t index = share.first; index < share.last; index++) {
    turn_to(plan.body, index, task, visible);
    task.keys.begin = parts.first_span * task.keys_per_span;
    task.parts = parts.data + index * parts.spans * task.part_floats;
    plan.body.kernels->join(task);
    write_weights(plan.body, task);
  }
}

}  // namespace qkv
