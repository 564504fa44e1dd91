// SPDX-License-Identifier: Apache-2.0
#include "plan/attention_plan.hpp"

#include <algorithm>
#include <cstdio>

#include "plan/visible_keys.hpp"

namespace qkv {
namespace {

constexpr double log2_e = 1.4426950408889634074;

float log2_scale(const qkv_attention_args& args) {
  const auto key_dim = static_cast<double>(std::max<int64_t>(1, args.query.shape[3]));
  const double scale = args.scale_is_set != 0 ? static_cast<double>(args.scale) : 1 / __builtin_sqrt(key_dim);
  return static_cast<float>(scale * log2_e);
}

bool reads_bias(const qkv_attention_args& args) {
  return args.bias.rank != 0 || args.mask.rank != 0;
}

// An axis of stride 0 repeats what was counted.
double bytes_of(const qkv_tensor& view) {
  double bytes = view.rank == 0 ? 0 : view.dtype == QKV_BOOL ? 1 : 4;
  for (int axis = 0; axis < view.rank; axis++)
    bytes *= view.stride[axis] == 0 ? 1 : static_cast<double>(view.shape[axis]);
  return bytes;
}

// The share of the keys that key_count leaves.
double used_keys(const qkv_attention_args& args) {
  const int64_t batches = args.query.shape[0];
  if (args.key_count == nullptr || batches == 0 || args.key.shape[2] == 0) return 1;
  double used = 0;
  for (int64_t batch = 0; batch < batches; batch++) used += static_cast<double>(args.key_count[batch]);
  return used / (static_cast<double>(batches) * static_cast<double>(args.key.shape[2]));
}

// Fewer than the tuning says where that leaves too few tasks: the last rows of a causal head are the longest, and some
// worker would be alone with them.
int64_t prefill_rows_per_task(const qkv_attention_args& args, int64_t rows, const Tuning& tuning) {
  const auto heads = static_cast<double>(args.query.shape[0]) * static_cast<double>(args.key.shape[1]);
  const double fair = heads * static_cast<double>(rows) / static_cast<double>(tuning.prefill_least_tasks);
  const int64_t most = tuning.prefill_rows_per_task, least = std::min(most, tuning.prefill_least_rows);
  const int64_t chosen = fair >= static_cast<double>(most) ? most : round_up(static_cast<int64_t>(fair), least);
  return std::clamp<int64_t>(std::clamp(chosen, least, most), 1, std::max<int64_t>(1, rows));
}

AttentionFunction attention_function(const qkv_attention_args& args, const AttentionKernels& kernels, bool decodes) {
  const AttentionRecipe recipe = reads_bias(args) ? attention_biased : attention_plain;
  if (!decodes) return kernels.prefill[recipe];
  return (args.cache != nullptr ? kernels.decode_cached : kernels.decode)[recipe];
}

// What a plan must know of the cache, which it points at no longer.
void keep_cache(const qkv_attention_args& args, AttentionPlan& body) {
  body.cached = args.cache != nullptr;
  body.cache_layout = body.cached ? args.cache->layout : qkv_kv_layout{};
  body.pages_per_sequence = body.cached ? args.cache->pages_per_sequence : 0;
  body.args.cache = nullptr;
}

const char* dtype_word(int32_t dtype) {
  return dtype == QKV_BF16 ? "bf16" : dtype == QKV_F16 ? "f16" : dtype == QKV_I8 ? "i8" : "f32";
}

// "attention.decode_cached.i8_bf16.plain@avx512", "attention.prefill.f32.biased@neon"
void write_name(const qkv_attention_args& args, Plan<AttentionPlan>& plan) {
  const AttentionPlan& body = plan.body;
  const qkv_kv_layout& layout = body.cache_layout;
  const bool mixed = layout.key_dtype != layout.value_dtype;
  std::snprintf(plan.header.kernel, sizeof plan.header.kernel, "attention.%s%s.%s%s%s.%s@%s",
                body.decodes ? "decode" : "prefill", body.cached ? "_cached" : "", dtype_word(layout.key_dtype),
                mixed ? "_" : "", mixed ? dtype_word(layout.value_dtype) : "", reads_bias(args) ? "biased" : "plain",
                body.isa);
}

// Parts, if tasks are few, are spans of keys. There may be room for keys that no call will bring.
void cut_tasks(const qkv_attention_args& args, Plan<AttentionPlan>& plan) {
  constexpr int64_t most_parts = 4096;
  AttentionPlan& body = plan.body;
  const int64_t spans = divide_up(args.key.shape[2], body.keys_per_span);
  body.part_floats = decode_part_floats(body.rows_per_task, args.value.shape[3], body.kernels->lanes);
  plan.header.part_count = spans > most_parts ? 0 : spans;
  plan.header.part_bytes = body.part_floats * int64_t{sizeof(float)};
}

double key_value_bytes(const qkv_attention_args& args, const AttentionPlan& body) {
  if (!body.cached) return bytes_of(args.key) + bytes_of(args.value);
  const auto pages = static_cast<double>(args.query.shape[0]) * static_cast<double>(body.pages_per_sequence);
  return pages * static_cast<double>(body.cache_layout.page_bytes);
}

}  // namespace

bool make_attention_plan(const qkv_attention_args& args, const Tuning& tuning, Plan<AttentionPlan>& plan) {
  plan = {};
  AttentionPlan& body = plan.body;
  const Choice<AttentionKernels> choice = active_kernels().attention;
  const int64_t key_heads = args.key.shape[1], query_rows = args.query.shape[2];
  body.args = args;
  body.kernels = choice.kernels;
  body.isa = choice.isa;
  body.decodes = query_rows <= tuning.decode_query_rows;
  body.attend = attention_function(args, *choice.kernels, body.decodes);
  keep_cache(args, body);
  body.group = key_heads == 0 ? 1 : args.query.shape[1] / key_heads;
  // An empty problem has no task, whatever its other extents.
  const bool empty = args.query.shape[0] == 0 || key_heads == 0 || query_rows == 0;
  int64_t rows = 0;
  if (!empty && __builtin_mul_overflow(body.group, query_rows, &rows)) return false;
  body.rows_per_task = body.decodes ? std::max<int64_t>(1, rows) : prefill_rows_per_task(args, rows, tuning);
  body.row_blocks = divide_up(rows, body.rows_per_task);
  body.keys_per_block = tuning.keys_per_block;
  body.keys_per_span = tuning.keys_per_block * tuning.blocks_per_span;
  body.scale = log2_scale(args);
  const ScratchNeeds needs{*body.kernels, body.decodes, reads_bias(args), body.rows_per_task, body.keys_per_block};
  int64_t& tasks = plan.header.task_count;
  if (!empty &&
      (__builtin_mul_overflow(args.query.shape[0], key_heads, &tasks) ||
       __builtin_mul_overflow(tasks, body.row_blocks, &tasks) || !lay_out_scratch(args, needs, body.layout))) {
    return false;
  }
  plan.header.worker_bytes = body.layout.bytes;
  if (body.decodes) cut_tasks(args, plan);
  body.args.key_count = nullptr;
  body.args.first_query_position = nullptr;
  return true;
}

void describe_attention(const qkv_attention_args& args, Plan<AttentionPlan>& plan) {
  PlanHeader& header = plan.header;
  write_name(args, plan);
  const auto heads = static_cast<double>(args.query.shape[1]);
  const auto dims = static_cast<double>(args.query.shape[3]) + static_cast<double>(args.value.shape[3]);
  header.flops = 2 * dims * heads * visible_pairs(args);
  header.bytes = used_keys(args) * key_value_bytes(args, plan.body);
  for (const qkv_tensor& view : {args.query, args.output, args.lse, args.weights, args.bias, args.mask}) {
    header.bytes += bytes_of(view);
  }
}

}  // namespace qkv
