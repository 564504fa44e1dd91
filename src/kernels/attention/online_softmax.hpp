// SPDX-License-Identifier: Apache-2.0
// The state of an online softmax (Milakov and Gimelshein 2018), one query row per lane. Scores are in log2 units.
//
//   weight = 2^(score - shift),  sum = total of weights,  output = total of weight * value
//
// The shift follows the maximum lazily: it moves, per lane, only when a group of keys exceeds it by raise_bound, so
// that ordinary data rescales once. Whether it moves depends on that lane's own scores alone.
#pragma once

#include "kernels/simd/math.hpp"

namespace qkv::QKV_ISA {
namespace {

constexpr float raise_bound = 8.0F;  // weights reach 2^8 at most

// Accumulators start at -base, so that subtracting the maximum is free. A shift far from zero is subtracted later
// instead: next to it, the score of a key that is about to replace the maximum would lose its digits.
constexpr float far_from_zero = 16.0F;

struct SoftmaxState {
  Floats shift;  // 0 until a key is visible
  Floats base;   // shift, or 0 where shift is far from zero
  Floats limit;  // scores - base above it move the shift; -inf until a key is visible
};

// What follows from a group of keys: `delta` is to be subtracted from its scores (they were relative to base), `factor`
// multiplies what was summed before. Ordinary groups give 0 and 1.
struct Raise {
  Floats delta, factor;
};

// top: largest score - base of the group.
QKV_INLINE Raise raise(SoftmaxState& state, Floats top) {
  const Floats zero = broadcast(0);
  const Mask exceeds = top > state.limit;
  const Mask fresh = state.limit == broadcast(-infinity);
  const Floats moved = select(exceeds, state.base + top, state.shift);
  const Floats shrink = select(fresh, zero, select(exceeds, state.shift - moved, zero));
  const Raise change{moved - state.base, exp2(shrink)};
  state.shift = moved;
  const Mask near = xsimd::abs(moved) <= broadcast(far_from_zero);
  state.base = select(near, moved, zero);
  state.limit = select(exceeds, broadcast(raise_bound) + (moved - state.base), state.limit);
  return change;
}

// The factor that normalises a row; rows without a visible key stay zeros.
QKV_INLINE Floats inverse_of_sum(Floats sum) {
  return select(sum == broadcast(0), broadcast(0), broadcast(1) / sum);
}

inline float log_of_sum(float shift, float sum) {
  if (sum == 0) return -infinity;
  if (!(sum < infinity)) return std::numeric_limits<float>::quiet_NaN();
  return static_cast<float>((static_cast<double>(shift) + log2_scalar(sum)) * ln_2);
}

}  // namespace
}  // namespace qkv::QKV_ISA
