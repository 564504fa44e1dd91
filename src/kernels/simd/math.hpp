// SPDX-License-Identifier: Apache-2.0
// Exponentials and logarithms.
#pragma once

#include <bit>

#include "kernels/simd/batch.hpp"

namespace qkv::QKV_ISA {
namespace {

constexpr float log2_e = 1.44269504088896341F;
constexpr double ln_2 = 0.693147180559945309417;

// 2^(1 + f) * 2^e for |f| <= 1/2, where the low bits of `shifted` are e + 127. P is of degree 5, minimax in relative
// error.
QKV_INLINE Floats scaled_exp2(Floats f, Floats shifted) {
  Floats p = fma(broadcast(2 * 0x1.5bb738p-10F), f, broadcast(2 * 0x1.3ce8b6p-7F));
  p = fma(p, f, broadcast(2 * 0x1.c6b70ep-5F));
  p = fma(p, f, broadcast(2 * 0x1.ebf9c0p-3F));
  p = fma(p, f, broadcast(2 * 0x1.62e42ap-1F));
  p = fma(p, f, broadcast(2.0F));
  return p * bits_as_floats(floats_as_bits(shifted) << 23);
}

// How exp2 subtracts a whole number from x for nothing: `magic` is smaller by it, so that rounding subtracts it, too.
// Exact for |shift| <= most_folded.
struct FoldedShift {
  Floats magic, floor;
};
// Adding the magic number rounds to whole multiples of 1/32, or of 1: its neighbours are that far apart. The low bits
// of the sum are the multiple (plus 126 where exp2 multiplies by the power of two it finds there).
constexpr float exp2_magic = PowerTable::exists ? 0x1.8p18F : 0x1.8p23F + 126.0F;
constexpr float most_folded = 65536;

QKV_INLINE FoldedShift fold_shift(Floats shift) {
  return {broadcast(exp2_magic) - shift, shift - broadcast(126.0F)};
}

// 2^(x - shift) for x - shift <= 128, within 1.5 ULP; exactly 0 below -126, NaN for NaN.
//
//   polynomial: n = round(x), f = x - n in [-1/2, 1/2],  2^x = 2 P(f) * 2^(n - 1).  Below -125.5 the factor is exactly
//   0. table: n/32 = x rounded, r = x - n/32,  2^x = T + T r (c1 + c2 r),  T = 2^(n/32) from 32 entries and an
//   exponent.
//          3 multiplies instead of 6, and other units do the rest.
template <class Table = PowerTable>
QKV_INLINE Floats exp2(Floats x, FoldedShift shift) {
  if constexpr (Table::exists) {
    const Mask counts = !(x < shift.floor);
    const Floats rounded = x + shift.magic, r = x - (rounded - shift.magic);
    const Floats t(Table::power(floats_as_bits(rounded)));
    const Floats grown = fma(t, r * fma(r, broadcast(0x1.ebfbe0p-3F), broadcast(0x1.62e584p-1F)), t);
    return select(counts, grown, broadcast(0));
  } else {
    x = max(shift.floor, x);  // this order keeps NaN
    const Floats shifted = x + shift.magic;
    return scaled_exp2(x - (shifted - shift.magic), shifted);
  }
}
QKV_INLINE Floats exp2(Floats x) {
  return exp2(x, fold_shift(broadcast(0)));
}

// The nearest whole number, for |x| <= most_folded.
QKV_INLINE Floats round_to_whole(Floats x) {
  const Floats magic = broadcast(0x1.8p23F);
  return (x + magic) - magic;
}

// 2^32 e^(high + low) for -109.8 <= high + low <= 0, low small against high: as exact as exp2 over the whole range,
// where a rounded product with log2 e would lose 7 bits. The factor lets products with the result become denormal in
// one rounding: lower() takes it off again.
constexpr int lift = 32;
QKV_INLINE Floats lifted_exp(Floats high, Floats low) {
  const Floats magic = broadcast(0x1.8p23F + 126.0F + lift);
  const Floats shifted = (high + low) * broadcast(log2_e) + magic;
  const Floats n = shifted - magic;
  // ln 2 in two parts; n times the first, of 9 bits, is exact, and so is the first difference.
  const Floats rest = (high - n * broadcast(0.693359375F)) + (low + n * broadcast(2.12194440e-4F));
  return scaled_exp2(rest * broadcast(log2_e), shifted);
}
QKV_INLINE Floats lower(Floats lifted) {
  return lifted * broadcast(1.0F / 4294967296.0F);
}

// log2 of a positive finite number, in double: 2 atanh((m - 1) / (m + 1)) / ln 2 with m in [sqrt 1/2, sqrt 2).
// Called once per row, so plain scalar code; the series is cut below 1e-18.
inline double log2_scalar(float x) {
  const auto bits = std::bit_cast<uint32_t>(x);
  int exponent = static_cast<int>(bits >> 23) - 127;
  auto mantissa = static_cast<double>(std::bit_cast<float>((bits & 0x7fffffU) | 0x3f800000U));
  if (mantissa > 1.4142135623730951) {
    mantissa /= 2;
    exponent++;
  }
  const double z = (mantissa - 1) / (mantissa + 1), square = z * z;
  double series = 0;
  for (int term = 23; term >= 1; term -= 2) series = series * square + 1.0 / term;
  return exponent + 2 * z * series / ln_2;
}

// 2^x in double for |x| < 1022, relative error below 3e-16: the exponential series of |f ln 2| <= 0.35.
inline double exp2_scalar(double x) {
  const auto n = static_cast<int64_t>(x < 0 ? x - 0.5 : x + 0.5);
  const double f = (x - static_cast<double>(n)) * ln_2;
  double p = 1;
  for (int term = 15; term >= 1; term--) p = 1 + p * f / term;
  return p * std::bit_cast<double>((n + 1023) << 52);
}

}  // namespace
}  // namespace qkv::QKV_ISA
