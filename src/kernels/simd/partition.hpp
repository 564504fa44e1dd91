// SPDX-License-Identifier: Apache-2.0
// From run-time counts to the fixed sizes that register tiles have.
#pragma once

#include "kernels/simd/batch.hpp"

namespace qkv::QKV_ISA {
namespace {

// Rows of a register tile that has so many vectors: as many accumulators as there are registers for, enough to cover
// the latency, and not many more scalars than loads bring.
constexpr int tile_height(int vectors) {
  if (vectors == tile_vectors) return tile_rows;
  return vectors == 1 && register_count >= 32 ? 16 : 8;
}

// function.operator()<n>(first) for consecutive pieces of [first, count): n = height as often as it fits, then less.
template <int height, class Function>
QKV_INLINE void for_tiles_from(int64_t first, int64_t count, Function&& function) {
  // Eight rows are 4 + 4: the 2 of 6 + 2 would wait for their own sums.
  for (; count - first >= height && !(height == 6 && count - first == 8); first += height) {
    function.template operator()<height>(first);
  }
  constexpr int next = height > 8 ? 8 : height > 4 ? 4 : height / 2;
  if constexpr (next > 0) for_tiles_from<next>(first, count, function);
}

// function.operator()<rows>(first) for consecutive pieces of `count` rows, for tiles of so many vectors.
template <int vectors, class Function>
QKV_INLINE void for_tiles(int64_t count, Function&& function) {
  for_tiles_from<tile_height(vectors)>(0, count, function);
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
