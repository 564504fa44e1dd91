// SPDX-License-Identifier: Apache-2.0
// Learned positions are rows of a table. Sinusoids: frequencies are fixed-point fractions of a turn of 64 bits, so the
// integer product position * frequency drops whole turns exactly, and only sines of less than an eighth turn are
// computed. Frequencies come from double: the angle's error is about 2e-16 * position. Plain scalar code, once per
// element pair.
#pragma once

#include "kernels/embedding/embedding.hpp"
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

// base^(-exponent) / (2 pi) turns, without whole turns.
inline uint64_t turns_per_position(float base, double exponent) {
  const double turns = exp2_scalar(-exponent * log2_scalar(base)) / two_pi;
  if (turns >= 9007199254740992.0) return 0;  // 2^53: only whole turns are left in a double
  return static_cast<uint64_t>((turns - static_cast<double>(static_cast<int64_t>(turns))) * turn);
}

inline int64_t position_of(const qkv_position_args& args, int64_t row) {
  return args.positions != nullptr ? args.positions[row] : args.first_position + row;
}

// Where pair `index` of a row stands: column of the sine, and of the cosine.
struct SinusoidLayout {
  int64_t pairs, sine_step, cosine_offset;
  double exponent_step;
};

inline SinusoidLayout sinusoid_layout(const qkv_position_args& args) {
  const int64_t pairs = args.output.shape[1] / 2;
  if (args.kind == QKV_POSITION_SINUSOIDAL) return {pairs, 2, 1, 1.0 / static_cast<double>(pairs)};
  return {pairs, 1, pairs, 1.0 / static_cast<double>(pairs - 1)};
}

inline void put(float& to, float value, bool accumulate) {
  to = accumulate ? to + value : value;
}

inline void sinusoidal_rows(const RowTask<qkv_position_args>& task) {
  constexpr int64_t block = 64;  // frequencies are dear: each is computed once for all rows of the task
  const qkv_position_args& args = *task.args;
  const SinusoidLayout layout = sinusoid_layout(args);
  const float base = args.base == 0 ? 10000.0F : args.base;
  uint64_t frequency[block];
  for (int64_t first = 0; first < layout.pairs; first += block) {
    const int64_t count = layout.pairs - first < block ? layout.pairs - first : block;
    for (int64_t i = 0; i < count; i++) {
      frequency[i] = turns_per_position(base, static_cast<double>(first + i) * layout.exponent_step);
    }
    for (int64_t row = task.first; row < task.last; row++) {
      const Row output = row_of(args.output, row);
      const auto position = static_cast<uint64_t>(position_of(args, row));
      for (int64_t i = 0; i < count; i++) {
        const Wave wave = wave_at(position * frequency[i]);
        const int64_t column = (first + i) * layout.sine_step;
        put(output.data[column * output.stride], wave.sine, args.accumulate != 0);
        put(output.data[(column + layout.cosine_offset) * output.stride], wave.cosine, args.accumulate != 0);
      }
    }
  }
}

inline void position_rows(const RowTask<qkv_position_args>& task) {
  const qkv_position_args& args = *task.args;
  if (args.kind != QKV_POSITION_LEARNED) return sinusoidal_rows(task);
  for (int64_t row = task.first; row < task.last; row++) {
    const Row entry = row_of(args.table, position_of(args, row));
    put_row(entry, row_of(args.output, row), args.output.shape[1], args.accumulate != 0);
  }
}

}  // namespace
}  // namespace qkv::QKV_ISA
