// SPDX-License-Identifier: Apache-2.0
#include "api/kv_cache.hpp"
#include "api/operation.hpp"
#include "api/options.hpp"
#include "plan/kv_plan.hpp"

namespace qkv {

template <>
constexpr size_t least_size<qkv_kv_copy_args> = offsetof(qkv_kv_copy_args, to_page) + sizeof(int32_t*);

namespace {

using Long = long long;

struct KvCopyPlan {
  qkv_kv_copy_args args;  // checked, without data
  qkv_kv_layout layout;
  int64_t tokens;
};

qkv_status check_id(const char* name, const int32_t* ids, int64_t i, int64_t page_count) {
  if (ids[i] >= 0 && ids[i] < page_count) return QKV_OK;
  return fail(QKV_INVALID_ARGUMENT, "%s[%lld] = %d: must be at least 0 and below %lld", name, Long{i}, ids[i],
              Long{page_count});
}

// No page is written to twice, or read and written to: tasks may run in any order.
qkv_status check_distinct(const qkv_kv_copy_args& args, int64_t i) {
  for (int64_t j = 0; j < args.copies; j++) {
    const bool is_source = args.to_page[i] == args.from_page[j];
    if (!is_source && (j == i || args.to_page[i] != args.to_page[j])) continue;
    return fail(QKV_INVALID_ARGUMENT, "to_page[%lld] = %d: is also %s[%lld]", Long{i}, args.to_page[i],
                is_source ? "from_page" : "to_page", Long{j});
  }
  return QKV_OK;
}

struct KvCopy {
  using Args = qkv_kv_copy_args;
  using Body = KvCopyPlan;
  static constexpr Operation operation = Operation::kv_copy;

  static qkv_status check_options(const Args& args) {
    if (const qkv_status status = check_cache(args.cache); status != QKV_OK) return status;
    const int64_t most = args.cache->layout.page_size;
    if (args.token_count < 0 || args.token_count > most) {
      return fail(QKV_INVALID_ARGUMENT, "token_count = %lld: must be 0 .. %lld", Long{args.token_count}, Long{most});
    }
    if (args.copies >= 0 && args.copies <= INT32_MAX) return QKV_OK;
    return fail(QKV_INVALID_ARGUMENT, "copies = %lld: must be 0 .. 2^31 - 1", Long{args.copies});
  }

  static OperandsOf<Args> operands(const Args& planned, Args& args) { return OperandsOf<Args>(planned, args); }

  static qkv_status make_plan(const Args& args, Plan<Body>& plan) {
    plan = {};
    const qkv_kv_layout& layout = args.cache->layout;
    plan.body = {args, layout, args.token_count != 0 ? args.token_count : layout.page_size};
    plan.header.task_count = args.copies;
    return QKV_OK;
  }

  static void describe(const Args& args, Plan<Body>& plan) {
    const auto share = static_cast<double>(plan.body.tokens) / static_cast<double>(plan.body.layout.page_size);
    constexpr char name[] = "kv_copy@baseline";
    std::memcpy(plan.header.kernel, name, sizeof name);
    plan.header.bytes = 2 * static_cast<double>(args.copies) * share * static_cast<double>(plan.body.layout.page_bytes);
    plan.body.args.cache = nullptr;
    plan.body.args.from_page = plan.body.args.to_page = nullptr;
  }

  static qkv_status check_fit(const Body& body, const Args& args) {
    qkv_status status = check_planned_cache(*args.cache, body.layout, args.cache->pages_per_sequence);
    if (status == QKV_OK) status = check_planned("copies", args.copies, body.args.copies);
    return status == QKV_OK ? check_planned("token_count", args.token_count, body.args.token_count) : status;
  }

  static qkv_status check_contents(const Plan<Body>&, const Args& args, int64_t first, int64_t last) {
    if (const qkv_status status = check_cache_memory(*args.cache, 0); status != QKV_OK) return status;
    for (const auto& [name, ids] : {std::pair("from_page", args.from_page), {"to_page", args.to_page}}) {
      if (ids == nullptr && args.copies > 0) return fail(QKV_INVALID_ARGUMENT, "%s = NULL: there are copies", name);
      const qkv_tensor view = bytes_at(ids, args.copies * int64_t{sizeof(int32_t)});
      const qkv_status apart = check_apart_from_cache(name, view, *args.cache, 0);
      if (apart != QKV_OK) return apart;
      for (int64_t i = 0; i < args.copies; i++) {
        const qkv_status sound = check_id(name, ids, i, args.cache->page_count);
        if (sound != QKV_OK) return sound;
      }
    }
    for (int64_t i = first; i < last; i++) {
      if (const qkv_status status = check_distinct(args, i); status != QKV_OK) return status;
    }
    return QKV_OK;
  }

  static void compute(const Plan<Body>& plan, const Args& args, int64_t first, int64_t last, char*) {
    for (int64_t i = first; i < last; i++) {
      copy_page(*args.cache, args.from_page[i], args.to_page[i], plan.body.tokens);
    }
  }
};

}  // namespace
}  // namespace qkv

using namespace qkv;

qkv_status qkv_kv_copy_plan(const qkv_kv_copy_args* args, qkv_plan* plan) {
  return plan_operation<KvCopy>(args, plan);
}

qkv_status qkv_kv_copy_run(const qkv_plan* plan, const qkv_kv_copy_args* args, int64_t first_task, int64_t last_task,
                           int32_t worker, void* workspace) {
  return run_operation<KvCopy>(plan, args, {first_task, last_task, worker, workspace});
}

qkv_status qkv_kv_copy(const qkv_kv_copy_args* args, const qkv_pool* pool, void* workspace, size_t workspace_bytes) {
  return call_operation<KvCopy>(args, pool, workspace, workspace_bytes);
}
