// SPDX-License-Identifier: Apache-2.0
// What a cache holds, by plain loops: the rounding of each dtype, and where kv_cache.h says that an element lies.
#pragma once

#include "qkv/kv_cache.h"
#include "support/array.hpp"

namespace qkv_test {

// The value that an element of the dtype is read back as. For QKV_I8 with the scale of its row.
float rounded(int32_t dtype, float value, float scale);
// Largest magnitude / 127; NaN where the row holds NaN or infinity.
float scale_of_row(const Array<float>& rows, int64_t sequence, int64_t head, int64_t token);
// All rows as they are read back.
Array<float> rounded(int32_t dtype, const Array<float>& rows);

// What the element at a place in a page means.
float key_in_page(const qkv_kv_layout& layout, const void* page, int64_t head, int64_t token, int64_t dim);
float value_in_page(const qkv_kv_layout& layout, const void* page, int64_t head, int64_t token, int64_t dim);

}  // namespace qkv_test
