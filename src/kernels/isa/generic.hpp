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

// 4 elements of a narrower type.
inline Register widen_bf16(const void* from) {
  return _mm_castsi128_ps(_mm_unpacklo_epi16(_mm_setzero_si128(), _mm_loadu_si64(from)));
}
// The exponent is moved by a product, which also makes denormals normal; that of infinity and NaN is put in.
inline Register widen_f16(const void* from) {
  const __m128i bits = _mm_unpacklo_epi16(_mm_loadu_si64(from), _mm_setzero_si128());
  const __m128i sign = _mm_slli_epi32(_mm_and_si128(bits, _mm_set1_epi32(0x8000)), 16);
  const __m128i magnitude = _mm_slli_epi32(_mm_and_si128(bits, _mm_set1_epi32(0x7fff)), 13);
  const __m128i beyond = _mm_cmpgt_epi32(magnitude, _mm_set1_epi32((0x7c00 << 13) - 1));
  const __m128i exponent = _mm_and_si128(beyond, _mm_set1_epi32(0x7f800000));
  const Register scaled = _mm_mul_ps(_mm_castsi128_ps(magnitude), _mm_set1_ps(0x1p112F));
  return _mm_or_ps(scaled, _mm_castsi128_ps(_mm_or_si128(sign, exponent)));
}
inline Register widen_i8(const void* from) {
  const __m128i zero = _mm_setzero_si128();
  const __m128i upper = _mm_unpacklo_epi16(zero, _mm_unpacklo_epi8(zero, _mm_loadu_si32(from)));
  return _mm_cvtepi32_ps(_mm_srai_epi32(upper, 24));
}

inline void store_bytes(void* to, __m128i integers) {
  const __m128i pairs = _mm_packs_epi32(integers, integers);
  _mm_storeu_si32(to, _mm_packs_epi16(pairs, pairs));
}

// Lane i and lane i ^ width change places.
template <int width>
inline __attribute__((always_inline)) Register swap_lanes(Register a) {
  return _mm_shuffle_ps(a, a, width == 2 ? 0x4e : 0xb1);
}

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

// Dot products of unsigned by signed bytes, exact: per lane, four products a call, at most eight calls a sum.
// Even and odd bytes apart, in 16 bits.
struct Products {
  using Sum = __m128i;
  static constexpr bool whole_bytes = true;
  static constexpr int tile_rows = 4, tile_vectors = 1;

  static Sum begin(int32_t start) { return _mm_set1_epi32(start); }
  static Sum add(Sum sum, __m128i unsigned_bytes, __m128i bytes) {
    const __m128i even = _mm_and_si128(unsigned_bytes, _mm_set1_epi16(0xff)), odd = _mm_srli_epi16(unsigned_bytes, 8);
    const __m128i even_bytes = _mm_srai_epi16(_mm_slli_epi16(bytes, 8), 8), odd_bytes = _mm_srai_epi16(bytes, 8);
    const __m128i pairs = _mm_add_epi32(_mm_madd_epi16(even, even_bytes), _mm_madd_epi16(odd, odd_bytes));
    return _mm_add_epi32(sum, pairs);
  }
  static __m128i widen(Sum sum) { return sum; }
  static __m128i finish(__m128i sum, int32_t) { return sum; }
};

}  // namespace
}  // namespace qkv::QKV_ISA

#endif
