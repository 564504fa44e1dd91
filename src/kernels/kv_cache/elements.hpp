// SPDX-License-Identifier: Apache-2.0
// The dtypes of a cache: whole vectors of elements as floats, and back.
#pragma once

#include "kernels/simd/load_store.hpp"

namespace qkv::QKV_ISA {
namespace {

struct Bf16 {
  uint16_t bits;
};
struct F16 {
  uint16_t bits;
};

QKV_INLINE Floats load_elements(const float* from) {
  return load(from);
}
QKV_INLINE Floats load_elements(const Bf16* from) {
  return Floats(widen_bf16(from));
}
QKV_INLINE Floats load_elements(const F16* from) {
  return Floats(widen_f16(from));
}
QKV_INLINE Floats load_elements(const int8_t* from) {
  return Floats(widen_i8(from));
}

// To nearest even; NaN stays NaN.
QKV_INLINE void narrow(float value, F16& to) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const uint32_t magnitude = bits & 0x7fffffffU;
  // Normal numbers; beyond 65504 the sum carries into the exponent of infinity. Below 2^-14 a sum with 1/2, whose last
  // digit is that of denormals, rounds.
  const uint32_t normal = (magnitude + 0xfffU + (magnitude >> 13 & 1U) - (112U << 23)) >> 13;
  const uint32_t denormal = std::bit_cast<uint32_t>(std::bit_cast<float>(magnitude) + 0.5F) - 0x3f000000U;
  const uint32_t finite = magnitude < 0x38800000U ? denormal : normal;
  const uint32_t number = magnitude >= 0x47800000U ? 0x7c00U : finite;
  to.bits = static_cast<uint16_t>((magnitude > 0x7f800000U ? 0x7e00U : number) | (bits >> 16 & 0x8000U));
}
QKV_INLINE void narrow(float value, int8_t& to) {
  to = static_cast<int8_t>(value);  // whole already
}

template <class T>
inline constexpr bool has_scales = false;
template <>
inline constexpr bool has_scales<int8_t> = true;

// Elements whose value is element * scale, for a scale per vector or per lane. 0 / 0 is 0 here.
template <class T>
QKV_INLINE void store_elements(T* to, Floats values, Floats scale) {
  if constexpr (has_scales<T>) {
    const Floats magic = broadcast(0x1.8p23F), most = broadcast(127), quotient = divide(values, scale);
    const Floats bounded = xsimd::max(-most, xsimd::min(quotient, most));
    values = select(quotient == quotient, (bounded + magic) - magic, broadcast(0));
  }
  alignas(64) float lane[lanes];
  store(lane, values);
  for (int i = 0; i < lanes; i++) narrow(lane[i], to[i]);
}
template <>
QKV_INLINE void store_elements<float>(float* to, Floats values, Floats) {
  store(to, values);
}
// The upper half, after half of what the lower can hold was added. The same element by element took GCC 12 three times
// as long.
template <>
QKV_INLINE void store_elements<Bf16>(Bf16* to, Floats values, Floats) {
  const Batch<int32_t> bits = floats_as_bits(values), odd = (bits >> 16) & Batch<int32_t>(1);
  const Floats rounded = bits_as_floats(bits + odd + Batch<int32_t>(0x7fff));
  const Floats quiet = bits_as_floats(bits | Batch<int32_t>(0x400000));
  alignas(64) float lane[lanes];
  store(lane, select(values == values, rounded, quiet));
  for (int i = 0; i < lanes; i++) to[i].bits = static_cast<uint16_t>(std::bit_cast<uint32_t>(lane[i]) >> 16);
}

// function.operator()<T>() for the element type of a dtype.
template <class Function>
QKV_INLINE void with_elements(int32_t dtype, Function&& function) {
  switch (dtype) {
    case QKV_BF16:
      return function.template operator()<Bf16>();
    case QKV_F16:
      return function.template operator()<F16>();
    case QKV_I8:
      return function.template operator()<int8_t>();
    default:
      return function.template operator()<float>();
  }
}

}  // namespace
}  // namespace qkv::QKV_ISA
