// SPDX-License-Identifier: Apache-2.0
// AVX-512 F BW DQ VL: 32 registers of 16 floats, masked loads and stores.
#pragma once

#include <immintrin.h>

#include <bit>
#include <cstdint>
#include <xsimd/xsimd.hpp>

namespace qkv::QKV_ISA {
namespace {

using Arch = xsimd::avx512bw;
using Register = __m512;
constexpr int register_count = 32;
constexpr int tile_rows = 6;  // 24 accumulators leave 8 registers for operands
constexpr int tile_vectors = 4;
constexpr bool weighs_beside_products = true;
constexpr int scalars_per_load = 1;  // a load broadcasts at no cost

inline Register multiply_add(Register a, Register b, Register c) {
  return _mm512_fmadd_ps(a, b, c);
}

// For exp2: 2^(multiple / 32), of which the mantissa comes from a table.
struct PowerTable {
  static constexpr bool exists = true;

  // The bits of 2^(i / 32), less what (multiple << 18) adds to them besides whole powers: its low bits i.
  alignas(64) uint32_t bits[32];
  constexpr PowerTable() : bits{} {
    constexpr float powers[32] = {
        0x1p0F,        0x1.059b0ep0F, 0x1.0b5586p0F, 0x1.11301ep0F, 0x1.172b84p0F, 0x1.1d4874p0F, 0x1.2387a6p0F,
        0x1.29e9ep0F,  0x1.306fep0F,  0x1.371a74p0F, 0x1.3dea64p0F, 0x1.44e086p0F, 0x1.4bfdaep0F, 0x1.5342b6p0F,
        0x1.5ab07ep0F, 0x1.6247ecp0F, 0x1.6a09e6p0F, 0x1.71f75ep0F, 0x1.7a1148p0F, 0x1.82589ap0F, 0x1.8ace54p0F,
        0x1.93737cp0F, 0x1.9c4918p0F, 0x1.a5503cp0F, 0x1.ae89fap0F, 0x1.b7f77p0F,  0x1.c199bep0F, 0x1.cb720ep0F,
        0x1.d5818ep0F, 0x1.dfc974p0F, 0x1.ea4afap0F, 0x1.f50766p0F};
    for (uint32_t i = 0; i < 32; i++) bits[i] = std::bit_cast<uint32_t>(powers[i]) - (i << 18);
  }
  static Register power(__m512i multiple);
};
constexpr PowerTable power_table;

inline Register PowerTable::power(__m512i multiple) {
  const __m512i low = _mm512_load_si512(power_table.bits), high = _mm512_load_si512(power_table.bits + 16);
  const __m512i part = _mm512_permutex2var_epi32(low, multiple, high);
  return _mm512_castsi512_ps(_mm512_add_epi32(part, _mm512_slli_epi32(multiple, 18)));
}

inline __mmask16 first(int64_t count) {
  return static_cast<__mmask16>((1U << count) - 1U);
}
inline Register load_partial(const float* from, int64_t count) {
  return _mm512_maskz_loadu_ps(first(count), from);
}
inline void store_partial(float* to, Register values, int64_t count) {
  _mm512_mask_storeu_ps(to, first(count), values);
}

// 16 elements of a narrower type.
inline Register widen_bf16(const void* from) {
  const __m512i bits = _mm512_cvtepu16_epi32(_mm256_loadu_si256(static_cast<const __m256i*>(from)));
  return _mm512_castsi512_ps(_mm512_slli_epi32(bits, 16));
}
inline Register widen_f16(const void* from) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(static_cast<const __m256i*>(from)));
}
inline Register widen_i8(const void* from) {
  return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(static_cast<const __m128i*>(from))));
}

inline void store_bytes(void* to, __m512i integers) {
  _mm_storeu_si128(static_cast<__m128i*>(to), _mm512_cvtepi32_epi8(integers));
}

// Lane i and lane i ^ width change places.
template <int width>
inline __attribute__((always_inline)) Register swap_lanes(Register a) {
  if constexpr (width >= 4) return _mm512_shuffle_f32x4(a, a, width == 8 ? 0x4e : 0xb1);
  return _mm512_permute_ps(a, width == 2 ? 0x4e : 0xb1);
}

inline __m512 unpack_pairs_low(__m512 a, __m512 b) {
  return _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)));
}
inline __m512 unpack_pairs_high(__m512 a, __m512 b) {
  return _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)));
}

// a takes the elements of a and b that `indices` name, b those `step` further on.
inline void permute_both(Register& a, Register& b, __m512i indices, int step) {
  const Register low = a;
  a = _mm512_permutex2var_ps(low, indices, b);
  b = _mm512_permutex2var_ps(low, _mm512_add_epi32(indices, _mm512_set1_epi32(step)), b);
}

// a0 a1 .. b0 b1 .. <-> a0 a2 .. b0 b2 .., a1 a3 .. b1 b3 ..
inline void deinterleave(Register& a, Register& b) {
  permute_both(a, b, _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30), 1);
}
inline void interleave(Register& a, Register& b) {
  permute_both(a, b, _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23), 8);
}

// Transposes 16 x 16 floats in registers: 4 x 4 blocks inside the 128-bit quarters, then the quarters themselves.
inline __attribute__((always_inline)) void transpose(Register (&row)[16]) {
  Register t[16];
#pragma GCC unroll 16
  for (int i = 0; i < 16; i += 4) {
    const Register ab_low = _mm512_unpacklo_ps(row[i], row[i + 1]), ab_high = _mm512_unpackhi_ps(row[i], row[i + 1]);
    const Register cd_low = _mm512_unpacklo_ps(row[i + 2], row[i + 3]);
    const Register cd_high = _mm512_unpackhi_ps(row[i + 2], row[i + 3]);
    t[i] = unpack_pairs_low(ab_low, cd_low);
    t[i + 1] = unpack_pairs_high(ab_low, cd_low);
    t[i + 2] = unpack_pairs_low(ab_high, cd_high);
    t[i + 3] = unpack_pairs_high(ab_high, cd_high);
  }
#pragma GCC unroll 16
  for (int i = 0; i < 4; i++) {
    const Register even_low = _mm512_shuffle_f32x4(t[i], t[i + 4], 0x88);
    const Register odd_low = _mm512_shuffle_f32x4(t[i], t[i + 4], 0xdd);
    const Register even_high = _mm512_shuffle_f32x4(t[i + 8], t[i + 12], 0x88);
    const Register odd_high = _mm512_shuffle_f32x4(t[i + 8], t[i + 12], 0xdd);
    row[i] = _mm512_shuffle_f32x4(even_low, even_high, 0x88);
    row[i + 4] = _mm512_shuffle_f32x4(odd_low, odd_high, 0x88);
    row[i + 8] = _mm512_shuffle_f32x4(even_low, even_high, 0xdd);
    row[i + 12] = _mm512_shuffle_f32x4(odd_low, odd_high, 0xdd);
  }
}

// Dot products of unsigned by signed bytes, exact: per lane, four products a call, at most eight calls a sum.
// VPMADDUBSW adds two products in 16 bits: eight calls fit if the unsigned bytes are below 16.
struct Products {
  using Sum = __m512i;  // 32 sums
  static constexpr bool whole_bytes = false;
  static constexpr int tile_rows = 6, tile_vectors = 2;

  static Sum zero() { return _mm512_setzero_si512(); }
  static Sum begin(int32_t) { return zero(); }
  static Sum add(Sum sum, __m512i small, __m512i bytes) {
    return _mm512_add_epi16(sum, _mm512_maddubs_epi16(small, bytes));
  }
  static __m512i widen(Sum sum) { return _mm512_madd_epi16(sum, _mm512_set1_epi16(1)); }
  static __m512i finish(__m512i sum, int32_t start) { return _mm512_add_epi32(sum, _mm512_set1_epi32(start)); }
};

}  // namespace
}  // namespace qkv::QKV_ISA
