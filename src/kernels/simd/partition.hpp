// SPDX-License-Identifier: Apache-2.0
// From run-time counts to the fixed sizes that register tiles have.
#pragma once

#include "kernels/simd/batch.hpp"

namespace qkv::QKV_ISA {
namespace {

// function.operator()<n>(first) for consecutive pieces of `count` rows, n = tile_rows as often as it fits, then 4,
// 2, 1.
template <class Function>
QKV_INLINE void for_tiles(int64_t count, Function&& function) {
  int64_t first = 0;
  for (; count - first >= tile_rows && count - first != 8; first += tile_rows)
    function.template operator()<tile_rows>(first);
  if constexpr (tile_rows > 4) {
    for (; count - first >= 4; first += 4) function.template operator()<4>(first);
  }
  for (; count - first >= 2; first += 2) function.template operator()<2>(first);
  if (count - first == 1) function.template operator()<1>(first);
}

// function.operator()<count>() for 1 <= count <= most.
template <int most, class Function>
QKV_INLINE void with_count(int64_t count, Function&& function) {
  if constexpr (most > 1) {
    if (count < most) return with_count<most - 1>(count, function);
  }
  function.template operator()<most>();
}

}  // namespace
}  // namespace qkv::QKV_ISA
