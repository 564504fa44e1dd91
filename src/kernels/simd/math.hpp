// SPDX-License-Identifier: Apache-2.0
// exp2 for softmax weights. 11 operations, 6 of them multiplies:
//
//   n = round(x), f = x - n in [-1/2, 1/2],  2^x = 2 P(f) * 2^(n - 1),  P of degree 5, relative error 1.01 ULP
//
// Adding `magic` rounds x to an integer and leaves n + 126, the biased exponent of 2^(n - 1), in the low bits of the sum,
// one shift away from its place. Below -125.5 that exponent is 0 and the factor exactly 0: weights never become denormal.
#pragma once

#include <bit>

#include "kernels/simd/batch.hpp"

namespace qkv::QKV_ISA {
namespace {

constexpr float log2_e = 1.44269504088896341F;
constexpr double ln_2 = 0.693147180559945309417;

// 2^x for x <= 128; exactly 0 below -125.5, NaN for NaN; monotone. Weights never exceed 2^raise_bound.
QKV_INLINE Floats exp2(Floats x) {
  const Floats magic = broadcast(12582912.0F + 126.0F);  // 1.5 * 2^23 + 126
  x = max(broadcast(-126.0F), x);                        // this order keeps NaN
  const Floats shifted = x + magic;
  const Floats f = x - (shifted - magic);
  Floats p = fma(broadcast(2 * 1.3333558e-3F), f, broadcast(2 * 9.6181291e-3F));
  p = fma(p, f, broadcast(2 * 5.5504109e-2F));
  p = fma(p, f, broadcast(2 * 2.4022651e-1F));
  p = fma(p, f, broadcast(2 * 6.9314718e-1F));
  p = fma(p, f, broadcast(2.0F));
  return p * bits_as_floats(floats_as_bits(shifted) << 23);
}

// log2 of a positive finite number, in double: 2 atanh((m - 1) / (m + 1)) / ln 2 with m in [sqrt 1/2, sqrt 2).
// Called once per row, so plain scalar code; the series is cut below 1e-11.
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
  for (int term = 15; term >= 1; term -= 2) series = series * square + 1.0 / term;
  return exponent + 2 * z * series / ln_2;
}

}  // namespace
}  // namespace qkv::QKV_ISA
