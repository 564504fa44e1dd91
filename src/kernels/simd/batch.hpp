// SPDX-License-Identifier: Apache-2.0
// The vector type of the ISA being compiled, and the few operations that kernels build on. Everything lives in an
// unnamed namespace inside the ISA's own: nothing compiled for one ISA can be linked into another.
#pragma once

#include QKV_ISA_HEADER

#include <bit>
#include <cstdint>
#include <limits>

#define QKV_INLINE inline __attribute__((always_inline))
#if defined(__clang__)
#define QKV_UNROLL _Pragma("clang loop unroll(full)")
#define QKV_NO_UNROLL _Pragma("clang loop unroll(disable)")
#elif defined(__SANITIZE_ADDRESS__)  // GCC takes ten minutes for what is unrolled and instrumented
#define QKV_UNROLL
#define QKV_NO_UNROLL
#else
#define QKV_UNROLL _Pragma("GCC unroll 64")
#define QKV_NO_UNROLL _Pragma("GCC unroll 1")
#endif

namespace qkv::QKV_ISA {
namespace {

template <class T>
using Batch = xsimd::batch<T, Arch>;
using Floats = Batch<float>;
using Mask = Floats::batch_bool_type;

constexpr int lanes = static_cast<int>(Floats::size);
constexpr float infinity = std::numeric_limits<float>::infinity();

QKV_INLINE Floats load(const float* from) {
  return Floats::load_unaligned(from);
}
// A load that several multiply-adds share. Without this GCC makes it part of each, and loads become the limit.
QKV_INLINE Floats load_shared(const float* from) {
  Floats values = load(from);
#if defined(__aarch64__)
  asm("" : "+w"(values.data));
#elif !defined(__clang__)
  asm("" : "+v"(values.data));
#endif
  return values;
}
QKV_INLINE void store(float* to, Floats values) {
  values.store_unaligned(to);
}
QKV_INLINE Floats broadcast(float value) {
  return Floats(value);
}
QKV_INLINE Floats fma(Floats a, Floats b, Floats c) {
  return Floats(multiply_add(a, b, c));
}
// Rounded once: xsimd's division on NEON is an estimate that is improved, and sends denormals to infinity.
QKV_INLINE Floats divide(Floats dividend, Floats divisor) {
#if defined(__aarch64__)
  return Floats(vdivq_f32(dividend, divisor));
#else
  return dividend / divisor;
#endif
}
QKV_INLINE Floats select(Mask where, Floats then, Floats otherwise) {
  return xsimd::select(where, then, otherwise);
}

// The larger of both; `kept` where `candidate` is NaN (x86) or NaN (Arm). A NaN score reaches its row through its
// weight, not through the maximum.
QKV_INLINE Floats max(Floats candidate, Floats kept) {
  return xsimd::max(candidate, kept);
}

// Loads and stores that touch exactly `count` floats, 0 <= count <= lanes; the other lanes read as 0.
QKV_INLINE Floats load_first(const float* from, int64_t count) {
  return count >= lanes ? load(from) : Floats(load_partial(from, count));
}
QKV_INLINE void store_first(float* to, Floats values, int64_t count) {
  if (count >= lanes) {
    store(to, values);
  } else {
    store_partial(to, values, count);
  }
}

// Not xsimd::bitwise_cast: on Arm it calls through a table of functions, which become symbols that ISAs would share.
QKV_INLINE Floats bits_as_floats(Batch<int32_t> bits) {
  return Floats(std::bit_cast<Register>(bits.data));
}
QKV_INLINE Batch<int32_t> floats_as_bits(Floats values) {
  using Integers = Batch<int32_t>::register_type;
  return Batch<int32_t>(std::bit_cast<Integers>(values.data));
}

// function(values, values swapped by half, quarter ...): lane 0 joins all lanes in a fixed tree, so that the order is
// the same for every use.
template <int width = lanes / 2, class Join>
QKV_INLINE Floats join_lanes(Floats values, Join&& join) {
  const Floats joined = join(values, Floats(swap_lanes<width>(values)));
  if constexpr (width == 1) {
    return joined;
  } else {
    return join_lanes<width / 2>(joined, join);
  }
}
QKV_INLINE float first_lane(Floats values) {
  return Register(values)[0];
}
QKV_INLINE float sum_of_lanes(Floats values) {
  return first_lane(join_lanes(values, [](Floats a, Floats b) { return a + b; }));
}
QKV_INLINE float max_of_lanes(Floats values) {
  return first_lane(join_lanes(values, [](Floats a, Floats b) { return max(a, b); }));
}

}  // namespace
}  // namespace qkv::QKV_ISA
