// SPDX-License-Identifier: Apache-2.0
// AVX-512 with VBMI, VNNI and BF16: products of bytes and of bf16 in one instruction.
#pragma once

#include "kernels/isa/avx512.hpp"

namespace qkv::QKV_ISA {
namespace {

// As Products; VPDPBUSD adds four products to each sum of 32 bits.
struct ByteProducts {
  using Sum = __m512i;
  static constexpr bool whole_bytes = true;
  static constexpr int tile_rows = 6, tile_vectors = 2;

  static Sum begin(int32_t start) { return _mm512_set1_epi32(start); }
  static Sum add(Sum sum, __m512i unsigned_bytes, __m512i bytes) {
    return _mm512_dpbusd_epi32(sum, unsigned_bytes, bytes);
  }
  static __m512i widen(Sum sum) { return sum; }
  static __m512i finish(__m512i sum, int32_t) { return sum; }
};

}  // namespace
}  // namespace qkv::QKV_ISA
