// SPDX-License-Identifier: Apache-2.0
#include "qkv/attention.h"

#include "api/execute.hpp"
#include "api/float_environment.hpp"
#include "api/views.hpp"
#include "plan/attention_plan.hpp"

namespace qkv {
namespace {

using Long = long long;

qkv_status check_group(const qkv_attention_args& args) {
  const int64_t query_heads = args.query.shape[1], key_heads = args.key.shape[1];
  if (key_heads == 0 ? query_heads == 0 : query_heads % key_heads == 0) return QKV_OK;
  return fail(QKV_INVALID_ARGUMENT, "key.shape[1] = %lld: does not divide query.shape[1] = %lld",
              static_cast<Long>(key_heads), static_cast<Long>(query_heads));
}

qkv_status check_scale(const qkv_attention_args& args) {
  if (args.scale_is_set == 0 || args.scale - args.scale == 0) return QKV_OK;
  return fail(QKV_INVALID_ARGUMENT, "scale = %g: must be finite", static_cast<double>(args.scale));
}

// Everything but the data; rewrites args into plain form.
qkv_status check_args(qkv_attention_args& args) {
  const int64_t batch = args.query.shape[0], heads = args.query.shape[1], rows = args.query.shape[2];
  const int64_t key_heads = args.key.shape[1], keys = args.key.shape[2];
  const int64_t key_dim = args.query.shape[3], value_dim = args.value.shape[3];
  const struct {
    ViewRule rule;
    qkv_tensor& view;
  } views[] = {
      {{"query", Role::input, QKV_F32, 4, {batch, heads, rows, key_dim}}, args.query},
      {{"key", Role::input, QKV_F32, 4, {batch, key_heads, keys, key_dim}}, args.key},
      {{"value", Role::input, QKV_F32, 4, {batch, key_heads, keys, value_dim}}, args.value},
      {{"output", Role::output, QKV_F32, 4, {batch, heads, rows, value_dim}}, args.output},
      {{"lse", Role::optional_output, QKV_F32, 3, {batch, heads, rows}}, args.lse},
      {{"weights", Role::optional_output, QKV_F32, 4, {batch, heads, rows, keys}}, args.weights},
      {{"bias", Role::optional, QKV_F32, 4, {batch, heads, rows, keys}}, args.bias},
      {{"mask", Role::optional, QKV_BOOL, 4, {batch, heads, rows, keys}}, args.mask},
  };
  for (const auto& [rule, view] : views) {
    if (const qkv_status status = check_view(rule, view); status != QKV_OK) return status;
  }
  if (const qkv_status status = check_group(args); status != QKV_OK) return status;
  return check_scale(args);
}

qkv_status check_key_counts(const qkv_attention_args& args) {
  if (args.key_count == nullptr) return QKV_OK;
  for (int64_t batch = 0; batch < args.query.shape[0]; batch++) {
    if (args.key_count[batch] < 0 || args.key_count[batch] > args.key.shape[2]) {
      return fail(QKV_INVALID_ARGUMENT, "key_count[%lld] = %lld: must be 0 .. %lld", static_cast<Long>(batch),
                  static_cast<Long>(args.key_count[batch]), static_cast<Long>(args.key.shape[2]));
    }
  }
  return QKV_OK;
}

struct NamedView {
  const char* name;
  const qkv_tensor& view;
};

qkv_status check_operands(const qkv_attention_args& args) {
  const NamedView inputs[] = {
      {"query", args.query}, {"key", args.key}, {"value", args.value}, {"bias", args.bias}, {"mask", args.mask}};
  const NamedView outputs[] = {{"output", args.output}, {"lse", args.lse}, {"weights", args.weights}};
  for (const auto& [name, view] : inputs) {
    if (const qkv_status status = check_data(name, view); status != QKV_OK) return status;
  }
  for (const NamedView& output : outputs) {
    if (const qkv_status status = check_data(output.name, output.view); status != QKV_OK) return status;
    for (const NamedView& input : inputs) {
      const qkv_status status = check_no_overlap(output.name, output.view, input.name, input.view);
      if (status != QKV_OK) return status;
    }
    for (const NamedView* other = outputs; other != &output; other++) {
      const qkv_status status = check_no_overlap(output.name, output.view, other->name, other->view);
      if (status != QKV_OK) return status;
    }
  }
  return QKV_OK;
}

bool fits_plan(const qkv_attention_args& planned, const qkv_attention_args& args) {
  return same_layout(planned.query, args.query) && same_layout(planned.key, args.key) &&
         same_layout(planned.value, args.value) && same_layout(planned.output, args.output) &&
         same_layout(planned.lse, args.lse) && same_layout(planned.weights, args.weights) &&
         same_layout(planned.bias, args.bias) && same_layout(planned.mask, args.mask) &&
         planned.causal == args.causal && planned.scale_is_set == args.scale_is_set &&
         (args.scale_is_set == 0 || planned.scale == args.scale);
}

}  // namespace
}  // namespace qkv

using namespace qkv;

qkv_status qkv_attention_plan(const qkv_attention_args* args, qkv_plan* storage) {
  const FloatEnvironment environment;  // the scale is computed here
  qkv_attention_args checked;
  if (storage == nullptr) return fail(QKV_INVALID_ARGUMENT, "plan = NULL");
  if (const qkv_status status = read_args(args, checked); status != QKV_OK) return status;
  if (const qkv_status status = check_args(checked); status != QKV_OK) return status;
  if (const qkv_status status = check_key_counts(checked); status != QKV_OK) return status;
  Plan<AttentionPlan> plan;
  if (!make_attention_plan(checked, Tuning{}, plan)) {
    return fail(QKV_INVALID_ARGUMENT, "query, key, value: the workspace for these shapes overflows");
  }
  store_plan(plan, storage);
  return QKV_OK;
}

qkv_status qkv_attention_run(const qkv_plan* storage, const qkv_attention_args* args, int64_t first_task,
                             int64_t last_task, int32_t worker, void* workspace) {
  const auto* plan = read_plan<AttentionPlan>(storage, Operation::attention);
  if (plan == nullptr) return fail(QKV_INVALID_ARGUMENT, "plan: not an attention plan");
  const FloatEnvironment environment;
  qkv_attention_args checked;
  if (const qkv_status status = read_args(args, checked); status != QKV_OK) return status;
  if (const qkv_status status = check_args(checked); status != QKV_OK) return status;
  if (!fits_plan(plan->body.args, checked)) {
    return fail(QKV_INVALID_ARGUMENT, "args: not what the plan was made for");
  }
  if (const qkv_status status = check_key_counts(checked); status != QKV_OK) return status;
  if (const qkv_status status = check_operands(checked); status != QKV_OK) return status;
  const qkv_status status = check_range(plan->header, first_task, last_task, worker, workspace);
  if (status != QKV_OK) return status;
  run_attention(*plan, checked, first_task, last_task, worker_slot(plan->header, worker, workspace));
  return QKV_OK;
}

qkv_status qkv_attention(const qkv_attention_args* args, const qkv_pool* pool, void* workspace,
                         size_t workspace_bytes) {
  return execute<qkv_attention_args>({qkv_attention_plan, qkv_attention_run}, args, pool, workspace, workspace_bytes);
}
