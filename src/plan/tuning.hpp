// SPDX-License-Identifier: Apache-2.0
// Choices that are neither facts of an ISA nor of a problem. One struct, passed in explicitly.
#pragma once

#include <cstdint>

namespace qkv {

struct Tuning {
  // A row sums its keys in blocks, blocks in spans, and spans. Part of a row's bits: beside one large weight each of
  // these additions may lose half a unit in the last place, always to the same side.
  int64_t keys_per_block = 64;
  int64_t blocks_per_span = 16;
  // Query rows of one task: they share each block of K and V while it is in L2.
  int64_t prefill_rows_per_task = 256;
  // Tasks there shall be before a task gets more rows than these.
  int64_t prefill_least_tasks = 16;
  int64_t prefill_least_rows = 64;
  // At most this many query rows per head go through the decode kernel, which reads K and V once and keeps keys in
  // lanes.
  int64_t decode_query_rows = 8;

  int64_t matmul_rows_per_task = 192;
  // Panels of one task, as long as there remain enough tasks for many workers.
  int64_t matmul_panels_per_task = 8;
  int64_t matmul_least_tasks = 64;
  // k is summed in blocks of this many; part of an element's bits.
  int64_t matmul_depth_block = 1024;

  // Elements that one task of a row-wise operation touches: a few microseconds of work.
  int64_t row_elements_per_task = 16384;
};

}  // namespace qkv
