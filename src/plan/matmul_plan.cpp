// SPDX-License-Identifier: Apache-2.0
#include "plan/matmul_plan.hpp"

#include <algorithm>
#include <cstdio>

#include "plan/block_formats.hpp"

namespace qkv {
namespace {

const MatmulKernels& kernels_of(const PackedHeader& header) {
  return *kernels_of_tier(header.tier).matmul.kernels;
}

// Fewest panels of a task, if there are so many. A row that is quantised for each task should not take long beside it.
int64_t least_panels(const PackedHeader& weight, int64_t rows) {
  if (rows != 1) return 1;
  return weight.format == 0 ? kernels_of(weight).row_panels : 4;
}

// Of one row of the input as kernels read it, where they do not read the caller's.
int64_t row_bytes(const MatmulPlan& body) {
  const int64_t depth = body.weight.depth;
  if (body.weight.format == 0) return body.copies_input ? depth * int64_t{sizeof(float)} : 0;
  const int64_t group = quant_layout(body.weight.format).group;
  return depth / group * (group + group_header_bytes);
}

// The part of a task that all kinds of weights share.
template <class Task>
Task task_of(const MatmulPlan& body, const qkv_matmul_args& args, int64_t index) {
  Task task{};
  task.args = &args;
  const char* panels = static_cast<const char*>(args.weight) + cache_line;
  task.packed = reinterpret_cast<decltype(task.packed)>(panels);
  // Panels run fastest: consecutive tasks share rows of the input.
  task.first_panel = index % body.panel_blocks * body.panels_per_task;
  task.last_panel = std::min(panel_count(body.weight), task.first_panel + body.panels_per_task);
  task.first_row = index / body.panel_blocks * body.rows_per_task;
  task.last_row = std::min(args.input.shape[0], task.first_row + body.rows_per_task);
  return task;
}

void run_quantized(const MatmulPlan& body, const qkv_matmul_args& args, int64_t first_task, int64_t last_task,
                   char* workspace) {
  const auto& kernels = kernels_of_tier(body.weight.tier).quantized.kernels->format[body.weight.format - 1];
  int64_t quantized_row = -1;
  for (int64_t index = first_task; index < last_task; index++) {
    auto task = task_of<QuantizedTask>(body, args, index);
    task.input = workspace;
    if (task.first_row != quantized_row) kernels.quantize(task);
    quantized_row = task.first_row;
    kernels.multiply(task);
  }
}

}  // namespace

Plan<MatmulPlan> make_matmul_plan(const qkv_matmul_args& args, const PackedHeader& weight, const Tuning& tuning) {
  Plan<MatmulPlan> plan{};
  MatmulPlan& body = plan.body;
  const int64_t rows = args.input.shape[0];
  body.args = args;
  body.weight = weight;
  body.rows_per_task = tuning.matmul_rows_per_task;
  body.row_blocks = divide_up(rows, body.rows_per_task);
  body.depth_block = tuning.matmul_depth_block;
  body.copies_input = args.input.stride[1] != 1 && weight.depth > 1;

  PlanHeader& header = plan.header;
  const int64_t panels = panel_count(weight), least = least_panels(weight, rows);
  body.panels_per_task = std::clamp<int64_t>(body.row_blocks * panels / tuning.matmul_least_tasks, least,
                                             std::max(least, tuning.matmul_panels_per_task));
  body.panel_blocks = divide_up(panels, body.panels_per_task);
  header.task_count = body.row_blocks * body.panel_blocks;
  if (header.task_count > 0) {
    header.worker_bytes = round_up(std::min(rows, body.rows_per_task) * row_bytes(body), cache_line);
  }
  return plan;
}

void describe_matmul(const qkv_matmul_args& args, Plan<MatmulPlan>& plan) {
  PlanHeader& header = plan.header;
  const PackedHeader& weight = plan.body.weight;
  const KernelSet kernels = kernels_of_tier(weight.tier);
  std::snprintf(header.kernel, sizeof header.kernel, "matmul.%s@%s", format_name(weight),
                weight.format == 0 ? kernels.matmul.isa : kernels.quantized.isa);
  const auto m = static_cast<double>(args.input.shape[0]);
  const auto n = static_cast<double>(weight.columns), k = static_cast<double>(weight.depth);
  header.flops = 2 * m * n * k;
  int64_t weight_bytes = 0;
  packed_bytes(weight, weight_bytes);
  header.bytes = weight.format == 0 ? 4 * n * k : static_cast<double>(weight_bytes - cache_line);
  header.bytes += 4 * m * (k + n);
}

void run_matmul(const Plan<MatmulPlan>& plan, const qkv_matmul_args& args, int64_t first_task, int64_t last_task,
                char* workspace) {
  const MatmulPlan& body = plan.body;
  if (body.weight.format != 0) return run_quantized(body, args, first_task, last_task, workspace);
  for (int64_t index = first_task; index < last_task; index++) {
    auto task = task_of<MatmulTask>(body, args, index);
    task.depth_block = body.depth_block;
    if (body.copies_input) task.input = reinterpret_cast<float*>(workspace);
    kernels_of(body.weight).multiply(task);
  }
}

}  // namespace qkv
