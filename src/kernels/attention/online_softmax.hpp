// SPDX-License-Identifier: Apache-2.0
// The state of an online softmax (Milakov and Gimelshein 2018), one query row per lane. Scores are in log2 units.
//
//   weight = 2^(score - shift),  sum = total of weights,  output = total of weight * value
//
// The shift follows the maximum lazily: it moves, per lane, only when a group of keys exceeds it by raise_bound, so that
// ordinary data rescales once. Whether it moves depends on that lane's own scores alone.
#pragma once

#include "kernels/simd/math.hpp"

namespace qkv::QKV_ISA {
namespace {

constexpr float raise_bound = 8.0F;  // weights reach 2^8 at most

struct SoftmaxState {
  Floats shift;  // 0 until a key is visible
  Floats limit;  // scores above it, relative to shift, move the shift; -inf until a key is visible
};

// A change of shift: scores lose `delta`, what was summed before is multiplied by `factor` (1 where nothing moves).
struct Raise {
  Floats delta, factor;
};

QKV_INLINE Raise raise(SoftmaxState& state, Floats top) {
  const Mask exceeds = top > state.limit;
  const Mask fresh = state.limit < broadcast(0);
  const Floats moved = select(exceeds, state.shift + top, state.shift);
  const Floats delta = select(exceeds, moved - state.shift, broadcast(0));
  const Floats factor = select(fresh, broadcast(1), exp2(broadcast(0) - delta));
  state.shift = moved;
  state.limit = select(exceeds, broadcast(raise_bound), state.limit);
  return {delta, select(exceeds, factor, broadcast(1))};
}

// The factor that normalises a row; rows without a visible key stay zeros.
QKV_INLINE Floats inverse_of_sum(Floats sum) {
  return select(sum == broadcast(0), broadcast(0), broadcast(1) / sum);
}

inline float log_of_sum(float shift, float sum) {
  if (sum == 0) return -infinity;
  return static_cast<float>((static_cast<double>(shift) + log2_scalar(sum)) * ln_2);
}

}  // namespace
}  // namespace qkv::QKV_ISA
