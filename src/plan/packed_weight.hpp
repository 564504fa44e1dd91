// SPDX-License-Identifier: Apache-2.0
// A weight as kernels read it: a header of one cache line, then panels of columns.
#pragma once

#include "dispatch/isa_registry.hpp"
#include "plan/plan.hpp"

namespace qkv {

struct PackedHeader {
  uint64_t magic;
  int32_t tier, panel_columns;
  int32_t format, unused;  // 0: f32, else a qkv_block_format
  int64_t columns, depth;  // n, k
  uint64_t checksum;       // of the fields above: a header that was not made by qkv_matmul_pack does not get far
};

PackedHeader make_packed_header(int32_t tier, int32_t format, int64_t columns, int64_t depth);
bool valid_packed_header(const PackedHeader& header);
// "f32", "q4_1" ...
const char* format_name(const PackedHeader& header);

int64_t panel_count(const PackedHeader& header);
// Of one panel; both are false if they overflow.
bool panel_bytes(const PackedHeader& header, int64_t& bytes);
// Of header and panels.
bool packed_bytes(const PackedHeader& header, int64_t& bytes);

void pack_weight(const PackedHeader& header, const qkv_tensor& weight, void* packed);
void pack_blocks(const PackedHeader& header, const qkv_block_matrix& weight, void* packed);

}  // namespace qkv
