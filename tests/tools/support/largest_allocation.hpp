// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace qkv_test {

// Bytes of the largest single allocation with operator new since the last reset.
std::size_t largest_allocation();
void reset_largest_allocation();

}  // namespace qkv_test
