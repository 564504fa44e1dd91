// SPDX-License-Identifier: Apache-2.0
// Which keys a query row may see. All interval masks meet here; kernels never know the reason.
#pragma once

#include "kernels/kernel_table.hpp"

namespace qkv {

// Rows [first, first + count) of a head group, position-major: `group` heads at each query position.
struct RowBlock {
  int64_t batch, first, count, group;
};

// One range per row of the block, begins and ends in ascending order.
void find_visible_keys(const qkv_attention_args& args, const RowBlock& block, KeyRange* ranges);

// Keys of a batch entry that some query row sees by position; none that is before or after.
KeyRange seen_keys(const qkv_attention_args& args, int64_t batch);

// Visible (query, key) pairs of one head, over all batch entries, at a cost that does not grow with rows or keys.
double visible_pairs(const qkv_attention_args& args);

}  // namespace qkv
