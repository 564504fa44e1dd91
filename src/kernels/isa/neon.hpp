// SPDX-License-Identifier: Apache-2.0
// AArch64 Advanced SIMD: 32 registers of 4 floats.
#pragma once

#include <arm_neon.h>

#include <cstdint>
#include <xsimd/xsimd.hpp>

namespace qkv::QKV_ISA {
namespace {

using Arch = xsimd::neon64;
using Register = float32x4_t;
constexpr int register_count = 32;
constexpr int tile_rows = 6;  // 24 accumulators leave 8 registers for operands
constexpr int tile_vectors = 4;
constexpr bool weighs_beside_products = true;
constexpr int scalars_per_load = 4;  // each lane is a factor by itself; a load that broadcasts takes an FMA's slot

inline Register multiply_add(Register a, Register b, Register c) {
  return vfmaq_f32(c, a, b);
}

// With lane `lane` of `scalars` as a.
inline __attribute__((always_inline)) Register multiply_add_lane(Register scalars, int lane, Register b, Register c) {
  return vfmaq_n_f32(c, b, scalars[lane]);
}

struct PowerTable {
  static constexpr bool exists = false;  // exp2 is a polynomial
};

// 4 elements of a narrower type.
inline Register widen_bf16(const void* from) {
  return vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(static_cast<const uint16_t*>(from)), 16));
}
inline Register widen_f16(const void* from) {
  return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(static_cast<const uint16_t*>(from))));
}
inline Register widen_i8(const void* from) {
  const auto* elements = static_cast<const int8_t*>(from);
  const int16_t lane[4] = {elements[0], elements[1], elements[2], elements[3]};
  return vcvtq_f32_s32(vmovl_s16(vld1_s16(lane)));
}

inline void store_bytes(void* to, int32x4_t integers) {
  const int16x4_t pairs = vmovn_s32(integers);
  const int32_t bytes = vget_lane_s32(vreinterpret_s32_s8(vmovn_s16(vcombine_s16(pairs, pairs))), 0);
  __builtin_memcpy(to, &bytes, sizeof bytes);
}

// Lane i and lane i ^ width change places.
template <int width>
inline __attribute__((always_inline)) Register swap_lanes(Register a) {
  return width == 2 ? vextq_f32(a, a, 2) : vrev64q_f32(a);
}

inline Register load_partial(const float* from, int64_t count) {
  float lane[4] = {};
  for (int64_t i = 0; i < count; i++) lane[i] = from[i];
  return vld1q_f32(lane);
}
inline void store_partial(float* to, Register values, int64_t count) {
  float lane[4];
  vst1q_f32(lane, values);
  for (int64_t i = 0; i < count; i++) to[i] = lane[i];
}

// a0 a1 .. b0 b1 .. <-> a0 a2 .. b0 b2 .., a1 a3 .. b1 b3 ..
inline void deinterleave(Register& a, Register& b) {
  const Register even = vuzp1q_f32(a, b);
  b = vuzp2q_f32(a, b);
  a = even;
}
inline void interleave(Register& a, Register& b) {
  const Register low = vzip1q_f32(a, b);
  b = vzip2q_f32(a, b);
  a = low;
}

inline float32x4_t even_pairs(float32x4_t a, float32x4_t b) {
  return vreinterpretq_f32_f64(vtrn1q_f64(vreinterpretq_f64_f32(a), vreinterpretq_f64_f32(b)));
}
inline float32x4_t odd_pairs(float32x4_t a, float32x4_t b) {
  return vreinterpretq_f32_f64(vtrn2q_f64(vreinterpretq_f64_f32(a), vreinterpretq_f64_f32(b)));
}

inline void transpose(Register (&row)[4]) {
  const Register ab_even = vtrn1q_f32(row[0], row[1]), ab_odd = vtrn2q_f32(row[0], row[1]);
  const Register cd_even = vtrn1q_f32(row[2], row[3]), cd_odd = vtrn2q_f32(row[2], row[3]);
  row[0] = even_pairs(ab_even, cd_even);
  row[1] = even_pairs(ab_odd, cd_odd);
  row[2] = odd_pairs(ab_even, cd_even);
  row[3] = odd_pairs(ab_odd, cd_odd);
}

// Dot products of unsigned by signed bytes, exact: per lane, four products a call, at most eight calls a sum.
// Even and odd bytes apart, in 16 bits.
struct Products {
  using Sum = int32x4_t;
  static constexpr bool whole_bytes = true;
  static constexpr int tile_rows = 4, tile_vectors = 2;

  static Sum begin(int32_t start) { return vdupq_n_s32(start); }
  static Sum add(Sum sum, int32x4_t unsigned_bytes, int32x4_t bytes) {
    const uint16x8_t factor = vreinterpretq_u16_s32(unsigned_bytes);
    const int16x8_t even = vreinterpretq_s16_u16(vandq_u16(factor, vdupq_n_u16(0xff)));
    const int16x8_t odd = vreinterpretq_s16_u16(vshrq_n_u16(factor, 8));
    const int16x8_t both = vreinterpretq_s16_s32(bytes);
    const int16x8_t even_bytes = vshrq_n_s16(vshlq_n_s16(both, 8), 8), odd_bytes = vshrq_n_s16(both, 8);
    int32x4_t low = vmull_s16(vget_low_s16(even), vget_low_s16(even_bytes)), high = vmull_high_s16(even, even_bytes);
    low = vmlal_s16(low, vget_low_s16(odd), vget_low_s16(odd_bytes));
    high = vmlal_high_s16(high, odd, odd_bytes);
    return vaddq_s32(sum, vpaddq_s32(low, high));
  }
  static int32x4_t widen(Sum sum) { return sum; }
  static int32x4_t finish(int32x4_t sum, int32_t) { return sum; }
};

}  // namespace
}  // namespace qkv::QKV_ISA
