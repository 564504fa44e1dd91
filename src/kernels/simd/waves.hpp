// SPDX-License-Identifier: Apache-2.0
// Sines and cosines of position * frequency. Frequencies are fixed-point fractions of a turn of 64 bits, so that the
// integer product drops whole turns exactly, and only sines of less than an eighth turn are computed. They come from
// double: the angle's error is about 2e-16 * angle. Plain scalar code, once per element pair.
#pragma once

#include "kernels/simd/math.hpp"

namespace qkv::QKV_ISA {
namespace {

constexpr double two_pi = 6.283185307179586477;
constexpr double turn = 18446744073709551616.0;  // 2^64: a full turn as a fixed-point phase

struct Wave {
  float sine, cosine;
};

// Taylor series cut below 1e-13 at pi / 4.
inline Wave wave_at(uint64_t phase) {
  const uint64_t quadrant = (phase + (uint64_t{1} << 61)) >> 62;
  const double angle = static_cast<double>(static_cast<int64_t>(phase - (quadrant << 62))) * (two_pi / turn);
  const double square = angle * angle;
  double sine = 1, cosine = 1;
  for (int term = 14; term >= 2; term -= 2) {
    sine = 1 - sine * square * (1.0 / (term * (term + 1)));
    cosine = 1 - cosine * square * (1.0 / (term * (term - 1)));
  }
  const auto s = static_cast<float>(angle * sine), c = static_cast<float>(cosine);
  if (quadrant == 0) return {s, c};
  if (quadrant == 1) return {c, -s};
  if (quadrant == 2) return {-s, -c};
  return {-c, s};
}

inline double power_of(float base, double exponent) {
  return exp2_scalar(exponent * log2_scalar(base));
}

// The phase that a position adds at this angle per position, without whole turns.
inline uint64_t phase_of(double angle) {
  const double turns = angle / two_pi;
  if (turns >= 9007199254740992.0) return 0;  // 2^53: only whole turns are left in a double
  return static_cast<uint64_t>((turns - static_cast<double>(static_cast<int64_t>(turns))) * turn);
}

// The position of a row, of args that bring positions or the first of them.
template <class Args>
int64_t position_of(const Args& args, int64_t row) {
  return args.positions != nullptr ? args.positions[row] : args.first_position + row;
}

}  // namespace
}  // namespace qkv::QKV_ISA
