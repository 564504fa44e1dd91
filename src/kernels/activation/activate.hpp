// SPDX-License-Identifier: Apache-2.0
// One activation of one vector. `kind` is uniform, so the switch is one predictable branch. With a = |x|:
//
//   GELU       x Phi(x), Phi(-a) = e^(-a^2 / 2) P(a) / Q(a), Phi(a) = 1 - Phi(-a)
//   GELU tanh  x / (1 + e^-v), v = 2 sqrt(2/pi) (x + 0.044715 x^3), because (1 + tanh u) / 2 = 1 / (1 + e^-2u)
//   SiLU       x / (1 + e^-x)
//
// Exponents are carried in two floats, so that relative errors stay at a few ULP where the result is tiny. Each is 0
// from some negative x on, the factor x included, which would be infinity times 0 at -inf.
#pragma once

#include "kernels/simd/doubles.hpp"
#include "kernels/simd/math.hpp"
#include "qkv/activation.h"

namespace qkv::QKV_ISA {
namespace {

// |x|, at most `bound`, beyond which the activation of -|x| rounds to 0; NaN stays.
QKV_INLINE Floats bounded_magnitude(Floats x, float bound) {
  return xsimd::min(broadcast(bound), xsimd::abs(x));
}

// x, at least -bound; NaN stays.
QKV_INLINE Floats bounded_below(Floats x, float bound) {
  return max(broadcast(-bound), x);
}

// The first 12 bits of each float, whose square is exact.
QKV_INLINE Floats leading_bits(Floats x) {
  return bits_as_floats(floats_as_bits(x) & Batch<int32_t>(-4096));
}

// e^(a^2 / 2) Phi(-a) for 0 <= a <= 15: a rational fit of relative error 6.3e-9, all coefficients positive.
QKV_INLINE Floats scaled_normal_tail(Floats a) {
  Floats p = fma(broadcast(4.145936587803324e-3F), a, broadcast(4.083224083911439e-2F));
  p = fma(p, a, broadcast(1.8382453601081705e-1F));
  p = fma(p, a, broadcast(4.3908894347792515e-1F));
  p = fma(p, a, broadcast(5.000000031089746e-1F));
  Floats q = fma(broadcast(1.0392208661300530e-2F), a, broadcast(1.0235742976115265e-1F));
  q = fma(q, a, broadcast(4.7102685350835233e-1F));
  q = fma(q, a, broadcast(1.2049487695418277F));
  q = fma(q, a, broadcast(1.6760628887139688F));
  q = fma(q, a, broadcast(1.0F));
  return divide(p, q);
}

QKV_INLINE Floats gelu(Floats any_x) {
  const Floats x = bounded_below(any_x, 14.8F), a = bounded_magnitude(x, 14.8F), half = broadcast(0.5F);
  const Floats leading = leading_bits(a);
  const Floats high = leading * leading * half, low = (a - leading) * (a + leading) * half;
  const Floats tail = lifted_exp(-high, -low) * scaled_normal_tail(a);
  return select(x < broadcast(0.0F), lower(x * tail), x * (broadcast(1.0F) - lower(tail)));
}

// x / (1 + e^-v), v having the sign of x and the magnitude high + low.
QKV_INLINE Floats gate(Floats x, Floats high, Floats low) {
  const Floats e = lifted_exp(-high, -low);
  return divide(select(x < broadcast(0.0F), lower(x * e), x), broadcast(1.0F) + lower(e));
}

QKV_INLINE Floats silu(Floats x) {
  return gate(bounded_below(x, 109.5F), bounded_magnitude(x, 109.5F), broadcast(0.0F));
}

QKV_INLINE Floats gelu_tanh(Floats x) {
  constexpr double factor = 1.5957691216057307118;  // 2 sqrt(2 / pi)
  const Doubles a = widen(bounded_magnitude(x, 10.889F));
  const Doubles v = a * ((a * a) * (factor * 0.044715) + factor);
  const Floats high = narrow(v);
  return gate(bounded_below(x, 10.889F), high, narrow(v - widen(high)));
}

QKV_INLINE Floats activate(int32_t kind, Floats x) {
  switch (kind) {
    case QKV_RELU:
      return max(broadcast(0.0F), x);
    case QKV_GELU:
      return gelu(x);
    case QKV_GELU_TANH:
      return gelu_tanh(x);
    case QKV_SILU:
      return silu(x);
    default:
      return x;
  }
}

}  // namespace
}  // namespace qkv::QKV_ISA
