// SPDX-License-Identifier: Apache-2.0
// Matmul: tasks are column panel x block of rows.
#pragma once

#include "dispatch/isa_registry.hpp"
#include "plan/plan.hpp"
#include "plan/tuning.hpp"

namespace qkv {

// Stands before the panels of a packed weight. The panels begin one cache line later.
struct PackedHeader {
  uint64_t magic;
  int32_t tier, panel_columns;
  int64_t columns, depth;  // n, k
  uint64_t checksum;       // of the fields above: a header that was not made by qkv_matmul_pack does not get far
};

inline constexpr uint64_t packed_magic = 0x3177766b71ULL;

PackedHeader make_packed_header(int32_t tier, int64_t columns, int64_t depth);
bool valid_packed_header(const PackedHeader& header);
// Bytes of header and panels; false if they overflow.
bool packed_bytes(const PackedHeader& header, int64_t& bytes);
void pack_weight(const PackedHeader& header, const qkv_tensor& weight, void* packed);

struct MatmulPlan {
  qkv_matmul_args args;  // checked, in plain form, without data
  PackedHeader weight;
  int64_t rows_per_task, row_blocks;
  int64_t panels_per_task, panel_blocks;
  int64_t depth_block;
  bool copies_input;
};

Plan<MatmulPlan> make_matmul_plan(const qkv_matmul_args& args, const PackedHeader& weight, const Tuning& tuning);

// What a plan tells of itself: the kernel's name, flops, bytes.
void describe_matmul(const qkv_matmul_args& args, Plan<MatmulPlan>& plan);

void run_matmul(const Plan<MatmulPlan>& plan, const qkv_matmul_args& args, int64_t first_task, int64_t last_task,
                char* workspace);

}  // namespace qkv
