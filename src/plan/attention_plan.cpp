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

// Hands out aligned pieces of a worker's slot; `valid` turns false when sizes overflow.
class SlotBuilder {
 public:
  int64_t take(std::initializer_list<int64_t> extents) {
    int64_t count = 1;
    for (const int64_t extent : extents) valid_ = valid_ && !__builtin_mul_overflow(count, extent, &count);
    const int64_t offset = next_;
    int64_t padded;
    valid_ = valid_ && !__builtin_add_overflow(count, floats_per_line - 1, &padded);
    if (valid_) padded = padded / floats_per_line * floats_per_line;
    valid_ = valid_ && !__builtin_add_overflow(next_, padded, &next_) && next_ < INT64_MAX / 1024;
    return offset;
  }
  bool valid() const { return valid_; }
  int64_t bytes() const { return next_ * 4; }

 private:
  static constexpr int64_t floats_per_line = cache_line / 4;
  int64_t next_ = 0;
  bool valid_ = true;
};

bool unit_stride(const qkv_tensor& view) {
  return view.stride[3] == 1 || view.shape[3] == 1;
}

bool lay_out(AttentionPlan& plan, PlanHeader& header) {
  const qkv_attention_args& args = plan.args;
  const int64_t key_dim = args.query.shape[3], value_dim = args.value.shape[3];
  const int64_t lanes = plan.kernels->lanes, panel = plan.kernels->panel_rows, block = plan.keys_per_block;
  if (key_dim > INT64_MAX / 1024 || value_dim > INT64_MAX / 1024) return false;
  const int64_t rows = plan.decodes ? plan.rows_per_task : round_up(plan.rows_per_task, panel);
  ScratchLayout& layout = plan.layout;
  layout.copies_key = !plan.decodes && !unit_stride(args.key);
  layout.copies_value = !unit_stride(args.value) || (plan.decodes && value_dim % lanes != 0);
  const int64_t padded_value = round_up(value_dim, lanes);
  SlotBuilder slot;
  layout.visible = slot.take({rows, sizeof(KeyRange) / 4});
  layout.query = slot.take({rows, key_dim});
  layout.output = slot.take({2, rows, plan.decodes ? padded_value : value_dim + 1});
  layout.state = slot.take({rows, 6});
  layout.weight = plan.decodes ? slot.take({rows, block + panel}) : slot.take({block, panel});
  layout.key = plan.decodes        ? slot.take({key_dim, panel})
               : layout.copies_key ? slot.take({block, round_up(key_dim, lanes)})
                                   : 0;
  layout.value = layout.copies_value ? slot.take({block, padded_value}) : 0;
  layout.bias = slot.take({block, plan.decodes ? 2 : panel});
  layout.row = args.weights.rank != 0 ? slot.take({args.key.shape[2]}) : 0;
  header.worker_bytes = slot.bytes();
  return slot.valid();
}

bool biased(const qkv_attention_args& args) {
  return args.bias.rank != 0 || args.mask.rank != 0;
}

AttentionScratch scratch_of(const ScratchLayout& layout, float* slot) {
  AttentionScratch scratch{};
  scratch.query = slot + layout.query;
  scratch.output = slot + layout.output;
  scratch.state = slot + layout.state;
  scratch.weight = slot + layout.weight;
  scratch.key = layout.key != 0 ? slot + layout.key : nullptr;
  scratch.value = layout.copies_value ? slot + layout.value : nullptr;
  scratch.bias = slot + layout.bias;
  scratch.row = slot + layout.row;
  return scratch;
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
  body.attend = (body.decodes ? choice.kernels->decode
                              : choice.kernels->prefill)[biased(args) ? attention_biased : attention_plain];
  body.group = key_heads == 0 ? 1 : args.query.shape[1] / key_heads;
  // An empty problem has no task, whatever its other extents.
  const bool empty = args.query.shape[0] == 0 || key_heads == 0 || query_rows == 0;
  int64_t rows = 0;
  if (!empty && __builtin_mul_overflow(body.group, query_rows, &rows)) return false;
  body.rows_per_task = std::max<int64_t>(1, body.decodes ? rows : std::min(rows, tuning.prefill_rows_per_task));
  body.row_blocks = divide_up(rows, body.rows_per_task);
  body.keys_per_block = tuning.keys_per_block;
  body.keys_per_span = tuning.keys_per_block * tuning.blocks_per_span;
  body.scale = log2_scale(args);
  int64_t& tasks = plan.header.task_count;
  if (!empty && (__builtin_mul_overflow(args.query.shape[0], key_heads, &tasks) ||
                 __builtin_mul_overflow(tasks, body.row_blocks, &tasks) || !lay_out(body, plan.header))) {
    return false;
  }
  body.args.key_count = nullptr;
  body.args.first_query_position = nullptr;
  return true;
}

void describe_attention(const qkv_attention_args& args, Plan<AttentionPlan>& plan) {
  PlanHeader& header = plan.header;
  std::snprintf(header.kernel, sizeof header.kernel, "attention.%s.f32.%s@%s", plan.body.decodes ? "decode" : "prefill",
                biased(args) ? "biased" : "plain", plan.body.isa);
  const auto size = [](const qkv_tensor& view) {
    double count = view.rank == 0 ? 0 : 4;
    for (int axis = 0; axis < view.rank; axis++) count *= static_cast<double>(view.shape[axis]);
    return count;
  };
  const auto heads = static_cast<double>(args.query.shape[1]);
  const auto dims = static_cast<double>(args.query.shape[3]) + static_cast<double>(args.value.shape[3]);
  header.flops = 2 * dims * heads * visible_pairs(args);
  header.bytes = size(args.query) + size(args.key) + size(args.value) + size(args.output);
}

BatchRange batches_of_tasks(const AttentionPlan& plan, int64_t first_task, int64_t last_task) {
  if (first_task == last_task) return {0, 0};
  // Tasks run through heads, then batch entries, then blocks of rows, as in run_attention.
  const int64_t batches = plan.args.query.shape[0], key_heads = plan.args.key.shape[1];
  const int64_t first = first_task / key_heads, last = (last_task - 1) / key_heads;
  return {first % batches, std::min(batches, last - first + 1)};
}

void run_attention(const Plan<AttentionPlan>& plan, const qkv_attention_args& args, int64_t first_task,
                   int64_t last_task, char* workspace) {
  const AttentionPlan& body = plan.body;
  auto* slot = reinterpret_cast<float*>(workspace);
  auto* visible = reinterpret_cast<KeyRange*>(slot + body.layout.visible);
  const int64_t key_heads = args.key.shape[1], heads = args.query.shape[0] * key_heads;
  const int64_t rows = args.query.shape[2] * body.group;
  AttentionTask task{};
  task.args = &args;
  task.scale = body.scale;
  task.group = body.group;
  task.visible = visible;
  task.keys_per_block = body.keys_per_block;
  task.keys_per_span = body.keys_per_span;
  task.scratch = scratch_of(body.layout, slot);
  for (int64_t index = first_task; index < last_task; index++) {
    // The last rows see most under a causal mask: their blocks come first.
    const int64_t block = body.row_blocks - 1 - index / heads;
    task.batch = index % heads / key_heads;
    task.key_head = index % heads % key_heads;
    task.first_row = block * body.rows_per_task;
    task.row_count = std::min(body.rows_per_task, rows - task.first_row);
    find_visible_keys(args, {task.batch, task.first_row, task.row_count, body.group}, visible);
    body.attend(task);
    if (args.weights.rank != 0) body.kernels->weights(task);
  }
}

}  // namespace qkv
