// SPDX-License-Identifier: Apache-2.0
// What every CPU of the architecture has: SSE2 on x86-64 (16 registers of 4 floats, no fused multiply-add, so products
// are rounded before they are added), Advanced SIMD on AArch64. For being right everywhere, not for speed.
#pragma once

#if defined(__aarch64__)

#include "kernels/isa/neon.hpp"

#else

#include <emmintrin.h>

#include <cstdint>
#include <xsimd/xsimd.hpp>

namespace qkv::QKV_ISA {
namespace {

using Arch = xsimd::sse2;
using Register = __m128;
constexpr int register_count = 16;
constexpr int tile_rows = 4;
constexpr int tile_vectors = 2;
constexpr bool weighs_beside_products = false;
constexpr int scalars_per_load = 1;  // no lane is a factor by itself

inline Register multiply_add(Register a, Register b, Register c) {
  return _mm_add_ps(_mm_mul_ps(a, b), c);
}

struct PowerTable {
  static constexpr bool exists = false;  // exp2 is a polynomial
};

inline Register load_partial(const float* from, int64_t count) {
  float lane[4] = {};
  for (int64_t i = 0; i < count; i++) lane[i] = from[i];
  return _mm_loadu_ps(lane);
}
inline void store_partial(float* to, Register values, int64_t count) {
  float lane[4];
  _mm_storeu_ps(lane, values);
  for (int64_t i = 0; i < count; i++) to[i] = lane[i];
}

// a0 a1 .. b0 b1 .. <-> a0 a2 .. b0 b2 .., a1 a3 .. b1 b3 ..
inline void deinterleave(Register& a, Register& b) {
  const Register even = _mm_shuffle_ps(a, b, 0x88);
  b = _mm_shuffle_ps(a, b, 0xdd);
  a = even;
}
inline void interleave(Register& a, Register& b) {
  const Register low = _mm_unpacklo_ps(a, b);
  b = _mm_unpackhi_ps(a, b);
  a = low;
}

inline void transpose(Register (&row)[4]) {
  _MM_TRANSPOSE4_PS(row[0], row[1], row[2], row[3]);
}

}  // namespace
}  // namespace qkv::QKV_ISA

#endif
