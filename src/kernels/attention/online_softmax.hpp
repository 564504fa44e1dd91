// SPDX-License-Identifier: Apache-2.0
// The state of an online softmax (Milakov and Gimelshein 2018), one query row per lane. Scores are in log2 units.
//
//   weight = 2^(score - shift),  sum = total of weights,  output = total of weight * value
//
// The shift follows the maximum lazily: it moves, per lane, only when a group of keys exceeds it by raise_bound, so
// that ordinary data rescales once. Whether it moves depends on that lane's own scores alone. Shifts up to most_folded
// are whole numbers: exp2 subtracts them while it rounds, and rescaling by powers of two is exact. Shifts beyond are
// any number, subtracted from the scores first, and the factors are rounded: scores that large have no digits behind
// the point either.
#pragma once

#include <cmath>

#include "kernels/simd/math.hpp"

namespace qkv::QKV_ISA {
namespace {

constexpr float raise_bound = 8.0F;  // weights reach 2^(bound + 1/2) at most

struct SoftmaxState {
  Floats shift;   // 0 until a key is visible
  Floats folded;  // the part of the shift that exp2 subtracts: all of it, or nothing where that would not be exact
  Floats limit;   // scores above it move the shift; -inf until a key is visible
};

// What follows from a group of keys: `delta` is to be subtracted from its scores before exp2, `factor` multiplies what
// was summed before. Ordinary groups give 0 and 1.
struct Raise {
  Floats delta, factor;
};

// top: largest score of the group.
QKV_INLINE Raise raise(SoftmaxState& state, Floats top) {
  const Floats zero = broadcast(0), most = broadcast(most_folded);
  const Mask exceeds = top > state.limit;
  const Mask fresh = state.limit == broadcast(-infinity);
  const Floats target = select(xsimd::abs(top) <= most, round_to_whole(top), top);
  const Floats moved = select(exceeds, target, state.shift);
  const Floats shrink = select(fresh, zero, select(exceeds, state.shift - moved, zero));
  state.shift = moved;
  state.folded = select(xsimd::abs(moved) <= most, moved, zero);
  state.limit = select(exceeds, broadcast(raise_bound) + moved, state.limit);
  return {moved - state.folded, exp2(shrink)};
}

// -inf tells hidden keys. A visible score of -inf becomes the lowest number, and other scores stay above it; only the
// maximum is taken of the scores as they were, so that a row of nothing else keeps its shift.
struct JudgedScore {
  Floats stored, for_maximum;
};
QKV_INLINE JudgedScore judge(Floats score, Mask visible) {
  constexpr float lowest = std::numeric_limits<float>::lowest();
  const Floats hidden = broadcast(-infinity);
  const Floats above = max(broadcast(-0x1.fffffcp127F), score);  // this order keeps NaN
  const Floats shown = select(score == hidden, broadcast(lowest), above);
  return {select(visible, shown, hidden), select(visible, score, hidden)};
}

// score - delta, where no number becomes -inf.
QKV_INLINE Floats relative_score(Floats score, Floats delta) {
  const Floats finite = max(broadcast(std::numeric_limits<float>::lowest()), score - delta);
  return select(score == broadcast(-infinity), score, finite);
}

// A hidden key's weight is -0.0: it adds nothing, and can be told from an underflow.
inline bool is_hidden(float weight) {
  return weight == 0 && std::signbit(weight);
}
// No weight is below 0: with the bits of 1, that of a hidden key alone is.
QKV_INLINE Mask is_hidden(Floats weight) {
  return (weight | broadcast(1)) < broadcast(0);
}

// The factor that normalises a row; rows without a visible key stay zeros.
QKV_INLINE Floats inverse_of_sum(Floats sum) {
  return select(sum == broadcast(0), broadcast(0), divide(broadcast(1), sum));
}

inline float log_of_sum(float shift, float sum) {
  if (sum == 0) return -infinity;
  if (!(sum < infinity)) return std::numeric_limits<float>::quiet_NaN();
  return static_cast<float>((static_cast<double>(shift) + log2_scalar(sum)) * ln_2);
}

}  // namespace
}  // namespace qkv::QKV_ISA
