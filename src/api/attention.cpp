// SPDX-License-Identifier: Apache-2.0
#include "qkv/attention.h"

#include "api/kv_cache.hpp"
#include "api/operation.hpp"
#include "api/options.hpp"
#include "api/parted_call.hpp"
#include "api/tuning.hpp"
#include "plan/attention_run.hpp"
#include "plan/visible_keys.hpp"

namespace qkv {
namespace {

using Long = long long;

qkv_status check_group(const qkv_attention_args& args) {
  const int64_t query_heads = args.query.shape[1], key_heads = args.key.shape[1];
  if (key_heads == 0 ? query_heads == 0 : query_heads % key_heads == 0) return QKV_OK;
  return fail(QKV_INVALID_ARGUMENT, "%s = %lld: does not divide query.shape[1] = %lld",
              args.cache == nullptr ? "key.shape[1]" : "cache.layout.key_heads", static_cast<Long>(key_heads),
              static_cast<Long>(query_heads));
}

// A plan reads both arrays.
qkv_status check_numbers_aligned(const qkv_attention_args& args) {
  qkv_tensor view;
  const int64_t batch = args.query.shape[0];
  const qkv_status status = view_of_integers("key_count", args.key_count, batch, view);
  return status == QKV_OK ? view_of_integers("first_query_position", args.first_query_position, batch, view) : status;
}

qkv_status check_key_counts(const qkv_attention_args& args, BatchRange batches) {
  if (args.key_count == nullptr) return QKV_OK;
  for (int64_t i = 0; i < batches.count; i++) {
    const int64_t batch = (batches.first + i) % args.query.shape[0], count = args.key_count[batch];
    if (count >= 0 && count <= args.key.shape[2]) continue;
    return fail(QKV_INVALID_ARGUMENT, "key_count[%lld] = %lld: must be 0 .. %lld", static_cast<Long>(batch),
                static_cast<Long>(count), static_cast<Long>(args.key.shape[2]));
  }
  return QKV_OK;
}

// K and V of a cache have the shapes of views, so that all else asks in one way; they have no data.
qkv_status read_cache(qkv_attention_args& args) {
  if (args.cache == nullptr) return QKV_OK;
  for (const auto& [name, view] : {std::pair("key", &args.key), {"value", &args.value}}) {
    if (!present(*view)) continue;
    return fail(QKV_INVALID_ARGUMENT, "%s.rank = %d: must be absent, for there is a cache", name, view->rank);
  }
  if (const qkv_status status = check_cache(args.cache); status != QKV_OK) return status;
  const qkv_kv_layout& layout = args.cache->layout;
  const int64_t batch = args.query.shape[0], keys = tokens_per_sequence(*args.cache);
  args.key = {nullptr, QKV_F32, 4, {batch, layout.key_heads, keys, layout.key_dim}, {0, 0, 0, 1}};
  args.value = {nullptr, QKV_F32, 4, {batch, layout.key_heads, keys, layout.value_dim}, {0, 0, 0, 1}};
  return QKV_OK;
}

qkv_status check_key_dim(const qkv_attention_args& args) {
  if (args.cache == nullptr || args.query.shape[3] == args.cache->layout.key_dim) return QKV_OK;
  return fail(QKV_INVALID_ARGUMENT, "query.shape[3] = %lld: must be cache.layout.key_dim = %lld",
              static_cast<Long>(args.query.shape[3]), static_cast<Long>(args.cache->layout.key_dim));
}

// What tells each task which keys it sees must stay as it was checked while others write.
qkv_status check_apart_from_numbers(const qkv_attention_args& args) {
  for (const auto& [name, numbers] :
       {std::pair("key_count", args.key_count), {"first_query_position", args.first_query_position}}) {
    if (numbers == nullptr) continue;
    qkv_tensor view;
    const qkv_status sound = view_of_integers(name, numbers, args.query.shape[0], view);
    if (sound != QKV_OK) return sound;
    for (const auto& [output_name, output] :
         {std::pair("output", &args.output), {"lse", &args.lse}, {"weights", &args.weights}}) {
      if (!present(*output)) continue;
      if (const qkv_status status = check_apart(output_name, *output, name, view); status != QKV_OK) return status;
    }
  }
  return QKV_OK;
}

// For a run: pages that rows see keys of are in the pool, and no output lies over what is read.
qkv_status check_cache_contents(const qkv_attention_args& args, BatchRange batches) {
  const qkv_kv_cache& cache = *args.cache;
  const int64_t batch_count = args.query.shape[0];
  if (const qkv_status status = check_cache_memory(cache, batch_count); status != QKV_OK) return status;
  for (const auto& [name, view] : {std::pair("output", &args.output), {"lse", &args.lse}, {"weights", &args.weights}}) {
    const qkv_status apart = check_apart_from_cache(name, *view, cache, batch_count);
    if (apart != QKV_OK) return apart;
  }
  for (int64_t i = 0; i < batches.count; i++) {
    const int64_t batch = (batches.first + i) % batch_count;
    const KeyRange seen = seen_keys(args, batch);
    if (const qkv_status status = check_pages(cache, {batch, seen.begin, seen.end}); status != QKV_OK) return status;
  }
  return QKV_OK;
}

struct Attention {
  using Args = qkv_attention_args;
  using Body = AttentionPlan;
  static constexpr Operation operation = Operation::attention;

  static qkv_status check_options(Args& args) {
    if (args.causal != 0 && args.causal != 1) {
      return fail(QKV_INVALID_ARGUMENT, "causal = %d: must be 0 or 1", args.causal);
    }
    args.scale_is_set = args.scale_is_set != 0 ? 1 : 0;
    for (const auto& [name, keys] : {std::pair("window_left", args.window_left), {"window_right", args.window_right}}) {
      if (keys < 0) return fail(QKV_INVALID_ARGUMENT, "%s = %lld: must not be negative", name, static_cast<Long>(keys));
    }
    const qkv_status status = check_scale(args.scale_is_set, args.scale);
    return status == QKV_OK ? read_cache(args) : status;
  }

  static OperandsOf<Args> operands(const Args& planned, Args& args) {
    const int64_t batch = planned.query.shape[0], heads = planned.query.shape[1], rows = planned.query.shape[2];
    const int64_t key_heads = planned.key.shape[1], keys = planned.key.shape[2];
    const int64_t key_dim = planned.query.shape[3], value_dim = planned.value.shape[3];
    OperandsOf<Args> list(planned, args);
    list.add(&Args::query, {"query", Role::input, QKV_F32, 4, {batch, heads, rows, key_dim}});
    if (args.cache == nullptr) {
      list.add(&Args::key, {"key", Role::input, QKV_F32, 4, {batch, key_heads, keys, key_dim}});
      list.add(&Args::value, {"value", Role::input, QKV_F32, 4, {batch, key_heads, keys, value_dim}});
    }
    list.add(&Args::output, {"output", Role::output, QKV_F32, 4, {batch, heads, rows, value_dim}});
    list.add(&Args::lse, {"lse", Role::optional_output, QKV_F32, 3, {batch, heads, rows}});
    list.add(&Args::weights, {"weights", Role::optional_output, QKV_F32, 4, {batch, heads, rows, keys}});
    list.add(&Args::bias, {"bias", Role::optional, QKV_F32, 4, {batch, heads, rows, keys}});
    list.add(&Args::mask, {"mask", Role::optional, QKV_BOOL, 4, {batch, heads, rows, keys}});
    return list;
  }

  static qkv_status make_plan(const Args& args, Plan<Body>& plan) {
    if (const qkv_status status = check_group(args); status != QKV_OK) return status;
    if (const qkv_status status = check_key_dim(args); status != QKV_OK) return status;
    if (const qkv_status status = check_numbers_aligned(args); status != QKV_OK) return status;
    if (const qkv_status status = check_key_counts(args, {0, args.query.shape[0]}); status != QKV_OK) return status;
    Tuning tuning;
    if (const qkv_status status = read_tuning(args.tuning, tuning); status != QKV_OK) return status;
    const bool fits_memory = make_attention_plan(args, tuning, plan);
    plan.body.args.tuning = nullptr;  // has been read: a plan points at nothing of the caller
    if (fits_memory) return QKV_OK;
    return fail(QKV_INVALID_ARGUMENT, "query, key, value: the workspace for these shapes overflows");
  }

  static void describe(const Args& args, Plan<Body>& plan) { describe_attention(args, plan); }

  static qkv_status check_fit(const Body& body, const Args& args) {
    const Args& planned = body.args;
    qkv_status status = check_planned("causal", args.causal, planned.causal);
    if (status == QKV_OK) status = check_planned("window_left", args.window_left, planned.window_left);
    if (status == QKV_OK) status = check_planned("window_right", args.window_right, planned.window_right);
    if (status == QKV_OK && (args.cache != nullptr) != body.cached) {
      status = fail(QKV_INVALID_ARGUMENT, "cache = %p: the plan was made %s one", static_cast<const void*>(args.cache),
                    body.cached ? "with" : "without");
    }
    if (status == QKV_OK && body.cached) {
      status = check_planned_cache(*args.cache, body.cache_layout, body.pages_per_sequence);
    }
    if (status == QKV_OK) status = check_planned("scale_is_set", args.scale_is_set, planned.scale_is_set);
    if (status != QKV_OK || args.scale == planned.scale) return status;
    return fail(QKV_INVALID_ARGUMENT, "scale = %g: the plan was made with %g", static_cast<double>(args.scale),
                static_cast<double>(planned.scale));
  }

  static qkv_status check_contents(const Plan<Body>& plan, const Args& args, int64_t first, int64_t last) {
    if (const qkv_status apart = check_apart_from_numbers(args); apart != QKV_OK) return apart;
    if (args.key_count == nullptr && args.cache == nullptr) return QKV_OK;
    const BatchRange batches = batches_of_tasks(plan.body, first, last);
    const qkv_status status = check_key_counts(args, batches);
    return status == QKV_OK && args.cache != nullptr ? check_cache_contents(args, batches) : status;
  }

  static void compute(const Plan<Body>& plan, const Args& args, int64_t first, int64_t last, char* slot) {
    run_attention(plan, args, {first, last, slot});
  }

  using Parts = AttentionParts;
  static constexpr auto find_parts = &qkv::find_parts;
  static constexpr auto compute_parts = &run_attention_parts;
  static constexpr auto join_parts = &join_attention_parts;
};

}  // namespace
}  // namespace qkv

using namespace qkv;

qkv_status qkv_attention_plan(const qkv_attention_args* args, qkv_plan* plan) {
  return plan_operation<Attention>(args, plan);
}

qkv_status qkv_attention_run(const qkv_plan* plan, const qkv_attention_args* args, int64_t first_task,
                             int64_t last_task, int32_t worker, void* workspace) {
  return run_operation<Attention>(plan, args, {first_task, last_task, worker, workspace});
}

qkv_status qkv_attention(const qkv_attention_args* args, const qkv_pool* pool, void* workspace,
                         size_t workspace_bytes) {
  return call_operation<Attention>(args, pool, workspace, workspace_bytes);
}

qkv_status qkv_attention_run_all(const qkv_plan* plan, const qkv_attention_args* args, const qkv_pool* pool,
                                 void* workspace, size_t workspace_bytes) {
  return run_all<Attention>(plan, args, pool, {workspace, workspace_bytes});
}
