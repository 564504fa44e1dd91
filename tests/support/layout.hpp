// SPDX-License-Identifier: Apache-2.0
// How the elements of a tensor lie in memory.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "support/array.hpp"
#include "support/guarded_memory.hpp"
#include "support/random.hpp"

namespace qkv_test {

struct Layout {
  std::array<size_t, 4> order{0, 1, 2, 3};  // axes from the outermost in memory to the innermost
  Shape gap{};                              // unused elements between neighbours along an axis
  std::array<bool, 4> reversed{};           // negative stride
  int64_t lead = 0;                         // unused elements before the first one: shifts the alignment
  Placement placement = Placement::back;
};

inline const Layout heads_outside{};                      // [batch, head, row, dim]
inline const Layout rows_outside{.order = {0, 2, 1, 3}};  // [batch, row, head, dim]
inline const Layout dims_outside{.order = {0, 1, 3, 2}};  // columns of a transposed matrix

// Any order, gaps, directions and alignment; plain layouts come up often.
Layout random_layout(Random& random);

std::string describe(const Layout& layout);

}  // namespace qkv_test
