// SPDX-License-Identifier: Apache-2.0
#include "plan/matmul_plan.hpp"

#include <algorithm>
#include <cstdio>

namespace qkv {
namespace {

uint64_t checksum_of(const PackedHeader& header) {
  const uint64_t fields[] = {header.magic, static_cast<uint64_t>(header.tier),
                             static_cast<uint64_t>(header.panel_columns), static_cast<uint64_t>(header.columns),
                             static_cast<uint64_t>(header.depth)};
  uint64_t sum = 0;
  for (const uint64_t field : fields) sum = (sum ^ field) * 0x9e3779b97f4a7c15ULL;
  return sum;
}

int64_t panel_count(const PackedHeader& header) {
  return divide_up(header.columns, header.panel_columns);
}

const MatmulKernels& kernels_of(const PackedHeader& header) {
  return *kernels_of_tier(header.tier).matmul.kernels;
}

}  // namespace

PackedHeader make_packed_header(int32_t tier, int64_t columns, int64_t depth) {
  PackedHeader header{packed_magic, tier, kernels_of_tier(tier).matmul.kernels->panel_columns, columns, depth, 0};
  header.checksum = checksum_of(header);
  return header;
}

bool valid_packed_header(const PackedHeader& header) {
  return header.magic == packed_magic && header.checksum == checksum_of(header) && header.tier >= 0 &&
         header.tier < tier_count() && *tier_missing(header.tier) == '\0' &&
         header.panel_columns == kernels_of(header).panel_columns && header.columns >= 0 && header.depth >= 0;
}

bool packed_bytes(const PackedHeader& header, int64_t& bytes) {
  int64_t padded;
  if (__builtin_add_overflow(header.columns, header.panel_columns, &padded)) return false;
  bytes = panel_count(header) * header.panel_columns;
  return !__builtin_mul_overflow(bytes, header.depth, &bytes) && !__builtin_mul_overflow(bytes, 4, &bytes) &&
         !__builtin_add_overflow(bytes, cache_line, &bytes);
}

void pack_weight(const PackedHeader& header, const qkv_tensor& weight, void* packed) {
  std::memcpy(packed, &header, sizeof header);
  auto* panels = reinterpret_cast<float*>(static_cast<char*>(packed) + cache_line);
  for (int64_t panel = 0; panel < panel_count(header); panel++) {
    kernels_of(header).pack({&weight, panel, panels});
    panels += header.depth * header.panel_columns;
  }
}

Plan<MatmulPlan> make_matmul_plan(const qkv_matmul_args& args, const PackedHeader& weight, const Tuning& tuning) {
  Plan<MatmulPlan> plan{};
  MatmulPlan& body = plan.body;
  const int64_t rows = args.input.shape[0], depth = weight.depth;
  body.args = args;
  body.weight = weight;
  body.rows_per_task = tuning.matmul_rows_per_task;
  body.row_blocks = divide_up(rows, body.rows_per_task);
  body.depth_block = tuning.matmul_depth_block;
  body.copies_input = args.input.stride[1] != 1 && depth > 1;

  PlanHeader& header = plan.header;
  const int64_t panels = panel_count(weight);
  const int64_t least = rows == 1 ? kernels_of(weight).row_panels : 1;
  body.panels_per_task = std::clamp<int64_t>(body.row_blocks * panels / tuning.matmul_least_tasks, least,
                                             std::max(least, tuning.matmul_panels_per_task));
  body.panel_blocks = divide_up(panels, body.panels_per_task);
  header.task_count = body.row_blocks * body.panel_blocks;
  if (body.copies_input && header.task_count > 0) {
    header.worker_bytes = round_up(std::min(rows, body.rows_per_task) * depth * 4, cache_line);
  }
  return plan;
}

void describe_matmul(const qkv_matmul_args& args, Plan<MatmulPlan>& plan) {
  PlanHeader& header = plan.header;
  const PackedHeader& weight = plan.body.weight;
  std::snprintf(header.kernel, sizeof header.kernel, "matmul.f32@%s", kernels_of_tier(weight.tier).matmul.isa);
  const auto m = static_cast<double>(args.input.shape[0]);
  const auto n = static_cast<double>(weight.columns), k = static_cast<double>(weight.depth);
  header.flops = 2 * m * n * k;
  header.bytes = 4 * (m * k + n * k + m * n);
}

void run_matmul(const Plan<MatmulPlan>& plan, const qkv_matmul_args& args, int64_t first_task, int64_t last_task,
                char* workspace) {
  const MatmulPlan& body = plan.body;
  const MatmulKernels& kernels = kernels_of(body.weight);
  const int64_t rows = args.input.shape[0];
  MatmulTask task{};
  task.args = &args;
  task.packed = reinterpret_cast<const float*>(static_cast<const char*>(args.weight) + cache_line);
  task.depth_block = body.depth_block;
  if (body.copies_input) task.input = reinterpret_cast<float*>(workspace);
  // Panels run fastest: consecutive tasks share rows of the input.
  for (int64_t index = first_task; index < last_task; index++) {
    task.first_panel = index % body.panel_blocks * body.panels_per_task;
    task.last_panel = std::min(panel_count(body.weight), task.first_panel + body.panels_per_task);
    task.first_row = index / body.panel_blocks * body.rows_per_task;
    task.last_row = std::min(rows, task.first_row + body.rows_per_task);
    kernels.multiply(task);
  }
}

}  // namespace qkv
