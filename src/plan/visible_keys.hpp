// SPDX-License-Identifier: Apache-2.0
// Which keys a query row may see. All interval masks meet here; kernels never know the reason.
#pragma once

#include "kernels/kernel_table.hpp"

namespace qkv {

KeyRange visible_keys(const qkv_attention_args& args, int64_t batch, int64_t query_row);

// Visible (query, key) pairs of one head, over all batch entries, at a cost that does not grow with rows or keys.
double visible_pairs(const qkv_attention_args& args);

}  // namespace qkv
