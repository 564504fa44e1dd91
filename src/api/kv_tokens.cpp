// SPDX-License-Identifier: Apache-2.0
// Appending to a KV cache and unpacking from it: the same arguments, the other way round.
#include <cstdio>

#include "api/kv_cache.hpp"
#include "api/operation.hpp"
#include "plan/kv_plan.hpp"

namespace qkv {

template <>
constexpr size_t least_size<qkv_kv_append_args> = offsetof(qkv_kv_append_args, value) + sizeof(qkv_tensor);
template <>
constexpr size_t least_size<qkv_kv_unpack_args> = offsetof(qkv_kv_unpack_args, value) + sizeof(qkv_tensor);

namespace {

using Long = long long;

template <class KvArgs>
qkv_status check_span(const KvArgs& args, const KvSpan& span, int64_t tokens) {
  const int64_t room = tokens_per_sequence(*args.cache);
  if (span.count < 0 || span.count > tokens) {
    return fail(QKV_INVALID_ARGUMENT, "token_count[%lld] = %lld: must be 0 .. %lld", Long{span.sequence},
                Long{span.count}, Long{tokens});
  }
  if (span.count > room) {
    return fail(QKV_INVALID_ARGUMENT,
                "cache.pages_per_sequence = %lld: room for %lld tokens, not for %lld of sequence "
                "%lld",
                Long{args.cache->pages_per_sequence}, Long{room}, Long{span.count}, Long{span.sequence});
  }
  if (span.first < 0 || span.first > room - span.count) {
    return fail(QKV_INVALID_ARGUMENT, "first_position[%lld] = %lld: with %lld tokens, must be 0 .. %lld",
                Long{span.sequence}, Long{span.first}, Long{span.count}, Long{room - span.count});
  }
  return check_pages(*args.cache, {span.sequence, span.first, span.first + span.count});
}

// What differs between the two.
template <class KvArgs>
struct Direction;
template <>
struct Direction<qkv_kv_append_args> {
  static constexpr Operation operation = Operation::kv_append;
  static constexpr auto kernel = &KvKernels::append;
  static constexpr Role role = Role::input;
  static constexpr const char* name = "kv_append";
};
template <>
struct Direction<qkv_kv_unpack_args> {
  static constexpr Operation operation = Operation::kv_unpack;
  static constexpr auto kernel = &KvKernels::unpack;
  static constexpr Role role = Role::optional_output;
  static constexpr const char* name = "kv_unpack";
};

template <class KvArgs>
struct KvTokens {
  using Args = KvArgs;
  using Body = KvTokensPlan<Args>;
  using Way = Direction<Args>;
  static constexpr Operation operation = Way::operation;

  static qkv_status check_options(const Args& args) { return check_cache(args.cache); }

  static OperandsOf<Args> operands(const Args& planned, Args& args) {
    const qkv_kv_layout layout = args.cache != nullptr ? args.cache->layout : qkv_kv_layout{};  // a plan has none
    const qkv_tensor& view = planned.key.rank != 0 ? planned.key : planned.value;
    const int64_t sequences = view.shape[0], tokens = view.shape[2];
    OperandsOf<Args> list(planned, args);
    list.add(&Args::key, {"key", Way::role, QKV_F32, 4, {sequences, layout.key_heads, tokens, layout.key_dim}});
    list.add(&Args::value, {"value", Way::role, QKV_F32, 4, {sequences, layout.key_heads, tokens, layout.value_dim}});
    return list;
  }

  static qkv_status make_plan(const Args& args, Plan<Body>& plan) {
    const qkv_tensor& view = args.key.rank != 0 ? args.key : args.value;
    plan = {};
    Body& body = plan.body;
    body.args = args;
    body.layout = args.cache->layout;
    body.pages_per_sequence = args.cache->pages_per_sequence;
    body.sequences = view.shape[0];
    body.tokens = view.shape[2];
    body.chunks = kv_chunks(body.tokens);
    body.tier = active_tier();
    int64_t& tasks = plan.header.task_count;
    if (!__builtin_mul_overflow(body.sequences, body.layout.key_heads, &tasks) &&
        !__builtin_mul_overflow(tasks, body.chunks, &tasks)) {
      return QKV_OK;
    }
    return fail(QKV_INVALID_ARGUMENT, "key, value: these shapes have more tasks than can be counted");
  }

  static void describe(const Args& args, Plan<Body>& plan) {
    PlanHeader& header = plan.header;
    Body& body = plan.body;
    std::snprintf(header.kernel, sizeof header.kernel, "%s@%s", Way::name, kernels_of_tier(body.tier).kv.isa);
    const double packed = static_cast<double>(body.layout.page_bytes) / static_cast<double>(body.layout.page_size);
    Args own = args;
    header.bytes = bytes_of(operands(args, own), 0) +
                   packed * static_cast<double>(body.sequences) * static_cast<double>(body.tokens);
    body.args.first_position = body.args.token_count = nullptr;
    body.args.cache = nullptr;
  }

  static qkv_status check_fit(const Body& body, const Args& args) {
    return check_planned_cache(*args.cache, body.layout, body.pages_per_sequence);
  }

  // What is read while others write must stay as it was checked.
  static qkv_status check_apart(const Args& args, int64_t sequences) {
    qkv_tensor first, count;
    qkv_status status = view_of_integers("first_position", args.first_position, sequences, first);
    if (status == QKV_OK) status = view_of_integers("token_count", args.token_count, sequences, count);
    if (status != QKV_OK) return status;
    const std::pair<const char*, const qkv_tensor*> views[] = {
        {"key", &args.key}, {"value", &args.value}, {"first_position", &first}, {"token_count", &count}};
    for (const auto& [name, view] : views) {
      const qkv_status apart = check_apart_from_cache(name, *view, *args.cache, sequences);
      if (apart != QKV_OK) return apart;
    }
    for (int i = 0; is_output(Way::role) && i < 4; i++) {
      const auto& [output_name, output] = views[i % 2];
      const auto& [name, numbers] = views[2 + i / 2];
      if (!present(*output)) continue;
      const qkv_status apart = qkv::check_apart(output_name, *output, name, *numbers);
      if (apart != QKV_OK) return apart;
    }
    return QKV_OK;
  }

  static qkv_status check_contents(const Plan<Body>& plan, const Args& args, int64_t first, int64_t last) {
    const Body& body = plan.body;
    if (const qkv_status status = check_cache_memory(*args.cache, body.sequences); status != QKV_OK) return status;
    if (const qkv_status status = check_apart(args, body.sequences); status != QKV_OK) return status;
    if (first == last) return QKV_OK;
    const int64_t tasks = body.layout.key_heads * body.chunks;  // of a sequence
    for (int64_t sequence = first / tasks; sequence <= (last - 1) / tasks; sequence++) {
      const qkv_status sound = check_span(args, kv_span(args, body.tokens, sequence), body.tokens);
      if (sound != QKV_OK) return sound;
    }
    return QKV_OK;
  }

  static void compute(const Plan<Body>& plan, const Args& args, int64_t first, int64_t last, char*) {
    const Body& body = plan.body;
    const KvKernels& kernels = *kernels_of_tier(body.tier).kv.kernels;
    for (int64_t index = first; index < last; index++) {
      const int64_t chunk = index % body.chunks, head = index / body.chunks % body.layout.key_heads;
      const int64_t sequence = index / body.chunks / body.layout.key_heads;
      KvTask task = kv_task(*args.cache, kv_span(args, body.tokens, sequence), head, chunk);
      task.key = &args.key;
      task.value = &args.value;
      if (task.first < task.last) (kernels.*Way::kernel)(task);
    }
  }
};

using Append = KvTokens<qkv_kv_append_args>;
using Unpack = KvTokens<qkv_kv_unpack_args>;

}  // namespace
}  // namespace qkv

using namespace qkv;

qkv_status qkv_kv_append_plan(const qkv_kv_append_args* args, qkv_plan* plan) {
  return plan_operation<Append>(args, plan);
}

qkv_status qkv_kv_append_run(const qkv_plan* plan, const qkv_kv_append_args* args, int64_t first_task,
                             int64_t last_task, int32_t worker, void* workspace) {
  return run_operation<Append>(plan, args, {first_task, last_task, worker, workspace});
}

qkv_status qkv_kv_append(const qkv_kv_append_args* args, const qkv_pool* pool, void* workspace,
                         size_t workspace_bytes) {
  return call_operation<Append>(args, pool, workspace, workspace_bytes);
}

qkv_status qkv_kv_unpack_plan(const qkv_kv_unpack_args* args, qkv_plan* plan) {
  return plan_operation<Unpack>(args, plan);
}

qkv_status qkv_kv_unpack_run(const qkv_plan* plan, const qkv_kv_unpack_args* args, int64_t first_task,
                             int64_t last_task, int32_t worker, void* workspace) {
  return run_operation<Unpack>(plan, args, {first_task, last_task, worker, workspace});
}

qkv_status qkv_kv_unpack(const qkv_kv_unpack_args* args, const qkv_pool* pool, void* workspace,
                         size_t workspace_bytes) {
  return call_operation<Unpack>(args, pool, workspace, workspace_bytes);
}
