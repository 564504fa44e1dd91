// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace qkv_test {

// Calls of malloc, calloc, realloc and their like in this process so far.
int64_t allocation_count();

}  // namespace qkv_test
