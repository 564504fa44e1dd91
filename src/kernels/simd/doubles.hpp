// SPDX-License-Identifier: Apache-2.0
// A vector of floats widened to double, for sums of any length and for exponents. Compilers' own vectors: they map to
// the conversion instructions of every ISA.
#pragma once

#include <bit>
#include <cstddef>

#include "kernels/simd/batch.hpp"

namespace qkv::QKV_ISA {
namespace {

using HalfFloats __attribute__((vector_size(sizeof(float) * size_t{lanes} / 2))) = float;
using HalfDoubles __attribute__((vector_size(sizeof(double) * size_t{lanes} / 2))) = double;

struct FloatHalves {
  HalfFloats low, high;
};

struct Doubles {
  HalfDoubles low, high;

  friend QKV_INLINE Doubles operator+(Doubles a, Doubles b) { return {a.low + b.low, a.high + b.high}; }
  friend QKV_INLINE Doubles operator-(Doubles a, Doubles b) { return {a.low - b.low, a.high - b.high}; }
  friend QKV_INLINE Doubles operator*(Doubles a, Doubles b) { return {a.low * b.low, a.high * b.high}; }
  friend QKV_INLINE Doubles operator*(Doubles a, double b) { return {a.low * b, a.high * b}; }
  friend QKV_INLINE Doubles operator+(Doubles a, double b) { return {a.low + b, a.high + b}; }
};

QKV_INLINE Doubles widen(Floats values) {
  const auto halves = std::bit_cast<FloatHalves>(static_cast<Register>(values));
  return {__builtin_convertvector(halves.low, HalfDoubles), __builtin_convertvector(halves.high, HalfDoubles)};
}

QKV_INLINE Floats narrow(Doubles values) {
  const FloatHalves halves{__builtin_convertvector(values.low, HalfFloats),
                           __builtin_convertvector(values.high, HalfFloats)};
  return Floats(std::bit_cast<Register>(halves));
}

// Lane by lane in a fixed order.
QKV_INLINE double sum_of_lanes(Doubles values) {
  const HalfDoubles both = values.low + values.high;
  double sum = 0;
  QKV_UNROLL for (int i = 0; i < lanes / 2; i++) sum += both[i];
  return sum;
}

}  // namespace
}  // namespace qkv::QKV_ISA
