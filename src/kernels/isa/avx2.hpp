// SPDX-License-Identifier: Apache-2.0
// AVX2 with FMA and F16C: 16 registers of 8 floats.
#pragma once

#include <immintrin.h>

#include <cstdint>
#include <xsimd/xsimd.hpp>

namespace qkv::QKV_ISA {
namespace {

using Arch = xsimd::avx2;
using Register = __m256;
constexpr int register_count = 16;
constexpr int tile_rows = 6;  // 12 accumulators leave 4 registers for operands
constexpr int tile_vectors = 2;
constexpr bool weighs_beside_products = false;  // too few registers
constexpr int scalars_per_load = 1;             // a load broadcasts at no cost

inline Register multiply_add(Register a, Register b, Register c) {
  return _mm256_fmadd_ps(a, b, c);
}

struct PowerTable {
  static constexpr bool exists = false;  // exp2 is a polynomial
};

inline __m256i first(int64_t count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
// In pieces of 4, 2 and 1, although VMASKMOVPS exists: qemu 7.2 reads its hidden lanes as well.
inline Register load_partial(const float* from, int64_t count) {
  const __m128 zero = _mm_setzero_ps();
  const float* rest = from + (count & 4);
  __m128 few = zero;
  if ((count & 2) != 0) few = _mm_castsi128_ps(_mm_loadu_si64(rest));
  if ((count & 1) != 0) {
    const __m128 one = _mm_load_ss(rest + (count & 2));
    few = (count & 2) != 0 ? _mm_movelh_ps(few, one) : one;
  }
  return (count & 4) != 0 ? _mm256_set_m128(few, _mm_loadu_ps(from)) : _mm256_set_m128(zero, few);
}
inline void store_partial(float* to, Register values, int64_t count) {
  _mm256_maskstore_ps(to, first(count), values);
}

// 8 elements of a narrower type.
inline Register widen_bf16(const void* from) {
  const __m256i bits = _mm256_cvtepu16_epi32(_mm_loadu_si128(static_cast<const __m128i*>(from)));
  return _mm256_castsi256_ps(_mm256_slli_epi32(bits, 16));
}
inline Register widen_f16(const void* from) {
  return _mm256_cvtph_ps(_mm_loadu_si128(static_cast<const __m128i*>(from)));
}
inline Register widen_i8(const void* from) {
  return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadu_si64(from)));
}

inline void store_bytes(void* to, __m256i integers) {
  const __m256i pairs = _mm256_packs_epi32(integers, integers);
  const __m128i all = _mm_unpacklo_epi64(_mm256_castsi256_si128(pairs), _mm256_extracti128_si256(pairs, 1));
  _mm_storeu_si64(to, _mm_packs_epi16(all, all));
}

// Lane i and lane i ^ width change places.
template <int width>
inline __attribute__((always_inline)) Register swap_lanes(Register a) {
  if constexpr (width == 4) return _mm256_permute2f128_ps(a, a, 0x01);
  return _mm256_permute_ps(a, width == 2 ? 0x4e : 0xb1);
}

inline __m256 unpack_pairs_low(__m256 a, __m256 b) {
  return _mm256_castpd_ps(_mm256_unpacklo_pd(_mm256_castps_pd(a), _mm256_castps_pd(b)));
}
inline __m256 unpack_pairs_high(__m256 a, __m256 b) {
  return _mm256_castpd_ps(_mm256_unpackhi_pd(_mm256_castps_pd(a), _mm256_castps_pd(b)));
}

inline __m256 swap_middle_quarters(__m256 a) {
  return _mm256_castpd_ps(_mm256_permute4x64_pd(_mm256_castps_pd(a), 0xd8));
}
// a0 a1 .. b0 b1 .. <-> a0 a2 .. b0 b2 .., a1 a3 .. b1 b3 ..
inline void deinterleave(Register& a, Register& b) {
  const Register even = _mm256_shuffle_ps(a, b, 0x88), odd = _mm256_shuffle_ps(a, b, 0xdd);
  a = swap_middle_quarters(even);
  b = swap_middle_quarters(odd);
}
inline void interleave(Register& a, Register& b) {
  const Register low = _mm256_unpacklo_ps(a, b), high = _mm256_unpackhi_ps(a, b);
  a = _mm256_permute2f128_ps(low, high, 0x20);
  b = _mm256_permute2f128_ps(low, high, 0x31);
}

// Transposes 8 x 8 floats in registers: 4 x 4 blocks inside the 128-bit halves, then the halves themselves.
inline __attribute__((always_inline)) void transpose(Register (&row)[8]) {
  Register t[8];
#pragma GCC unroll 8
  for (int i = 0; i < 8; i += 4) {
    const Register ab_low = _mm256_unpacklo_ps(row[i], row[i + 1]), ab_high = _mm256_unpackhi_ps(row[i], row[i + 1]);
    const Register cd_low = _mm256_unpacklo_ps(row[i + 2], row[i + 3]);
    const Register cd_high = _mm256_unpackhi_ps(row[i + 2], row[i + 3]);
    t[i] = unpack_pairs_low(ab_low, cd_low);
    t[i + 1] = unpack_pairs_high(ab_low, cd_low);
    t[i + 2] = unpack_pairs_low(ab_high, cd_high);
    t[i + 3] = unpack_pairs_high(ab_high, cd_high);
  }
#pragma GCC unroll 8
  for (int i = 0; i < 4; i++) {
    row[i] = _mm256_permute2f128_ps(t[i], t[i + 4], 0x20);
    row[i + 4] = _mm256_permute2f128_ps(t[i], t[i + 4], 0x31);
  }
}

// Dot products of unsigned by signed bytes, exact: per lane, four products a call, at most eight calls a sum.
// VPMADDUBSW adds two products in 16 bits: eight calls fit if the unsigned bytes are below 16.
struct Products {
  using Sum = __m256i;  // 16 sums
  static constexpr bool whole_bytes = false;
  static constexpr int tile_rows = 4, tile_vectors = 1;

  static Sum zero() { return _mm256_setzero_si256(); }
  static Sum begin(int32_t) { return zero(); }
  static Sum add(Sum sum, __m256i small, __m256i bytes) {
    return _mm256_add_epi16(sum, _mm256_maddubs_epi16(small, bytes));
  }
  static __m256i widen(Sum sum) { return _mm256_madd_epi16(sum, _mm256_set1_epi16(1)); }
  static __m256i finish(__m256i sum, int32_t start) { return _mm256_add_epi32(sum, _mm256_set1_epi32(start)); }
};

}  // namespace
}  // namespace qkv::QKV_ISA
