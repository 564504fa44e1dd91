// SPDX-License-Identifier: Apache-2.0
// Learned positions are rows of a table; sinusoids are waves of the position.
#pragma once

#include "kernels/embedding/embedding.hpp"
#include "kernels/simd/waves.hpp"

namespace qkv::QKV_ISA {
namespace {

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
      frequency[i] = phase_of(power_of(base, -static_cast<double>(first + i) * layout.exponent_step));
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
