// SPDX-License-Identifier: Apache-2.0
// Where a worker's slot of the workspace keeps a task's intermediate results.
#pragma once

#include "kernels/kernel_table.hpp"

namespace qkv {

// What the sizes depend on.
struct ScratchNeeds {
  const AttentionKernels& kernels;
  bool decodes, biased;
  int64_t rows_per_task, keys_per_block;
};

// Offsets in floats; 0 for what is not there.
struct ScratchLayout {
  int64_t visible;  // KeyRange [rows per task], measured in floats like the rest
  int64_t query, output, state, weight, key, value, bias, row;
  int64_t bytes;  // of the slot
};

// Shifts, sums and outputs of the rows of a decode task; INT64_MAX if that overflows.
int64_t decode_part_floats(int64_t rows, int64_t value_dim, int64_t lanes);

// False if the size overflows.
bool lay_out_scratch(const qkv_attention_args& args, const ScratchNeeds& needs, ScratchLayout& layout);

AttentionScratch scratch_in(float* slot, const ScratchLayout& layout);

}  // namespace qkv
