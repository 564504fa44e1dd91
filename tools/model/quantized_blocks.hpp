// SPDX-License-Identifier: Apache-2.0
// The quantised blocks of GGUF files, byte for byte. All fields of more than one byte are little-endian; scales and
// minima are f16. Blocks in a file are not aligned: copy a block out before its fields are read.
//
// With low(b) and high(b) the lower and upper four bits of a byte:
//
//   Q8_0  x[i] = scale * quants[i]                    (signed)
//   Q4_0  x[i] = scale * (low(quants[i]) - 8)         x[i + 16] = scale * (high(quants[i]) - 8)
//   Q4_1  x[i] = scale * low(quants[i]) + minimum     x[i + 16] = scale * high(quants[i]) + minimum
//   Q5_*  as Q4_*, with bit i (or i + 16) of high_bits as the fifth bit of the quant, and 16 in place of 8
//   Q4_K  8 groups of 32: x = scale * group_scale * quant - minimum_scale * group_minimum. Groups 2 g and 2 g + 1 are
//         the low and the high halves of quants[32 g .. 32 g + 31]. group_scales packs 8 scales and 8 minima of 6 bits:
//         bytes 0-3 hold scales 0-3 and bytes 4-7 minima 0-3 in their lower six bits; bytes 8-11 the lower four bits of
//         scales (low) and minima (high) 4-7, whose upper two are the upper two of bytes 0-3 and 4-7
//   Q6_K  16 groups of 16: x = scale * group_scales * (quant - 32). Of each half of 128 elements, element 32 q + i has
//         its lower four bits in half q / 2 of low_bits[64 half + 32 (q % 2) + i] and its upper two in bits 2 q and
//         2 q + 1 of high_bits[32 half + i]
#pragma once

#include <array>
#include <cstdint>

namespace qkv::tools {

struct BlockQ8_0 {
  static constexpr std::uint32_t elements = 32;
  std::uint16_t scale;
  std::array<std::int8_t, 32> quants;
};

struct BlockQ4_0 {
  static constexpr std::uint32_t elements = 32;
  std::uint16_t scale;
  std::array<std::uint8_t, 16> quants;
};

struct BlockQ4_1 {
  static constexpr std::uint32_t elements = 32;
  std::uint16_t scale, minimum;
  std::array<std::uint8_t, 16> quants;
};

struct BlockQ5_0 {
  static constexpr std::uint32_t elements = 32;
  std::uint16_t scale;
  std::array<std::uint8_t, 4> high_bits;
  std::array<std::uint8_t, 16> quants;
};

struct BlockQ5_1 {
  static constexpr std::uint32_t elements = 32;
  std::uint16_t scale, minimum;
  std::array<std::uint8_t, 4> high_bits;
  std::array<std::uint8_t, 16> quants;
};

struct BlockQ4_K {
  static constexpr std::uint32_t elements = 256;
  std::uint16_t scale, minimum_scale;
  std::array<std::uint8_t, 12> group_scales;
  std::array<std::uint8_t, 128> quants;
};

struct BlockQ6_K {
  static constexpr std::uint32_t elements = 256;
  std::array<std::uint8_t, 128> low_bits;
  std::array<std::uint8_t, 64> high_bits;
  std::array<std::int8_t, 16> group_scales;
  std::uint16_t scale;
};

static_assert(sizeof(BlockQ8_0) == 34 && sizeof(BlockQ4_0) == 18 && sizeof(BlockQ4_1) == 20);
static_assert(sizeof(BlockQ5_0) == 22 && sizeof(BlockQ5_1) == 24 && sizeof(BlockQ4_K) == 144 &&
              sizeof(BlockQ6_K) == 210);

}  // namespace qkv::tools
