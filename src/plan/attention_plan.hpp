// SPDX-License-Identifier: Apache-2.0
// Attention: tasks are batch entry x key head x block of query rows (all heads of the group together).
#pragma once

#include "dispatch/isa_registry.hpp"
#include "plan/attention_scratch.hpp"
#include "plan/plan.hpp"
#include "plan/tuning.hpp"

namespace qkv {

struct AttentionPlan {
  qkv_attention_args args;  // checked, in plain form, without data
  const AttentionKernels* kernels;
  const char* isa;
  AttentionFunction attend;
  bool decodes;
  bool cached;  // K and V are packed, as follows
  qkv_kv_layout cache_layout;
  int64_t pages_per_sequence;
  int64_t group, rows_per_task, row_blocks;
  int64_t keys_per_block, keys_per_span;
  int64_t part_floats;  // see AttentionTask
  float scale;          // in log2 units
  ScratchLayout layout;
};

// `args` are checked. Returns false if the workspace of these shapes overflows.
bool make_attention_plan(const qkv_attention_args& args, const Tuning& tuning, Plan<AttentionPlan>& plan);

// What a plan tells of itself: the kernel's name, flops at the counts and positions in args, bytes.
void describe_attention(const qkv_attention_args& args, Plan<AttentionPlan>& plan);

}  // namespace qkv
