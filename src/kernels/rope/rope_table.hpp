// SPDX-License-Identifier: Apache-2.0
// The table of a rotary embedding: cosines and sines of every pair at the rows' positions. Formulas: qkv/rope.h.
#pragma once

#include "kernels/kernel_table.hpp"
#include "kernels/simd/load_store.hpp"
#include "kernels/simd/waves.hpp"

namespace qkv::QKV_ISA {
namespace {

struct RopeScaling {
  const qkv_rope_table_args* args;
  double pairs, factor, low_turns, high_turns;
  float base;
};

inline RopeScaling rope_scaling(const qkv_rope_table_args& args) {
  const double high = args.scaling == QKV_ROPE_YARN ? 32 : 4;
  return {.args = &args,
          .pairs = static_cast<double>(args.output.shape[1] / 2),
          .factor = args.scaling == QKV_ROPE_UNSCALED ? 1 : static_cast<double>(args.factor),
          .low_turns = args.low_turns == 0 ? 1 : static_cast<double>(args.low_turns),
          .high_turns = args.high_turns == 0 ? high : static_cast<double>(args.high_turns),
          .base = args.base == 0 ? 10000.0F : args.base};
}

inline double within(double low, double x, double high) {
  return x < low ? low : x > high ? high : x;
}

// The pair, a real number, that makes so many turns in the original context.
inline double pair_of_turns(const RopeScaling& scaling, double turns) {
  const auto longest = static_cast<float>(static_cast<double>(scaling.args->original_context) / (turns * two_pi));
  return scaling.pairs * log2_scalar(longest) / log2_scalar(scaling.base);
}

// The share of a pair's frequency that is not scaled.
inline double kept_share(const RopeScaling& scaling, double pair, double frequency) {
  if (scaling.args->scaling == QKV_ROPE_LLAMA3) {
    const double turns = static_cast<double>(scaling.args->original_context) * frequency / two_pi;
    return within(0, (turns - scaling.low_turns) / (scaling.high_turns - scaling.low_turns), 1);
  }
  if (scaling.args->scaling != QKV_ROPE_YARN) return 0;
  const double most = 2 * scaling.pairs - 1;
  const double first = within(0, xsimd::floor(Batch<double>(pair_of_turns(scaling, scaling.high_turns))).get(0), most);
  const double last = within(0, xsimd::ceil(Batch<double>(pair_of_turns(scaling, scaling.low_turns))).get(0), most);
  const double width = last > first ? last - first : 0.001;  // a step, as its authors' code has it
  return 1 - within(0, (pair - first) / width, 1);
}

inline uint64_t rope_frequency(const RopeScaling& scaling, int64_t index) {
  const auto pair = static_cast<double>(index);
  const double frequency = power_of(scaling.base, -pair / scaling.pairs);
  const double kept = kept_share(scaling, pair, frequency);
  const double scaled = frequency * (kept + (1 - kept) / scaling.factor);
  const Row divisors = row_of(scaling.args->divisors);
  return phase_of(divisors.present() ? scaled / static_cast<double>(divisors.data[index * divisors.stride]) : scaled);
}

inline double rope_magnitude(const RopeScaling& scaling) {
  if (scaling.args->magnitude != 0) return static_cast<double>(scaling.args->magnitude);
  const bool yarn = scaling.args->scaling == QKV_ROPE_YARN;
  return yarn ? 0.1 * ln_2 * log2_scalar(scaling.args->factor) + 1 : 1;
}

inline void rope_table_rows(const RowTask<qkv_rope_table_args>& task) {
  const qkv_rope_table_args& args = *task.args;
  const RopeScaling scaling = rope_scaling(args);
  const auto magnitude = static_cast<float>(rope_magnitude(scaling));
  const int64_t pairs = args.output.shape[1] / 2;
  for (int64_t pair = 0; pair < pairs; pair++) {
    const uint64_t frequency = rope_frequency(scaling, pair);
    for (int64_t index = task.first; index < task.last; index++) {
      const Row row = row_of(args.output, index);
      const Wave wave = wave_at(static_cast<uint64_t>(position_of(args, index)) * frequency);
      row.data[pair * row.stride] = wave.cosine * magnitude;
      row.data[(pairs + pair) * row.stride] = wave.sine * magnitude;
    }
  }
}

}  // namespace
}  // namespace qkv::QKV_ISA
