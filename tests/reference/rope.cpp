// SPDX-License-Identifier: Apache-2.0
#include "reference/rope.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace qkv_test {
namespace {

constexpr double full_turn = 2 * std::numbers::pi;

double or_default(float value, double otherwise) {
  return value == 0 ? otherwise : static_cast<double>(value);
}

double frequency_of(const RopeTableProblem& problem, double pair) {
  const double base = or_default(problem.base, 10000), pairs = static_cast<double>(problem.rotary_dim) / 2;
  const double frequency = std::pow(base, -pair / pairs), scaled = frequency / static_cast<double>(problem.factor);
  const auto context = static_cast<double>(problem.original_context);
  const double low = or_default(problem.low_turns, 1);
  if (problem.scaling == QKV_ROPE_UNSCALED) return frequency;
  if (problem.scaling == QKV_ROPE_LINEAR) return scaled;
  if (problem.scaling == QKV_ROPE_LLAMA3) {
    // As its authors put it: by wavelengths.
    const double high = or_default(problem.high_turns, 4), wavelength = full_turn / frequency;
    if (wavelength < context / high) return frequency;
    if (wavelength > context / low) return scaled;
    const double smooth = (context / wavelength - low) / (high - low);
    return (1 - smooth) * scaled + smooth * frequency;
  }
  const double high = or_default(problem.high_turns, 32);
  const auto pair_of = [&](double turns) { return pairs * std::log(context / (turns * full_turn)) / std::log(base); };
  const double last_dim = static_cast<double>(problem.rotary_dim) - 1;
  const double first = std::clamp(std::floor(pair_of(high)), 0.0, last_dim);
  double last = std::clamp(std::ceil(pair_of(low)), 0.0, last_dim);
  if (last == first) last += 0.001;
  const double ramp = std::clamp((pair - first) / (last - first), 0.0, 1.0);
  return scaled * ramp + frequency * (1 - ramp);
}

double magnitude_of(const RopeTableProblem& problem) {
  if (problem.magnitude != 0) return static_cast<double>(problem.magnitude);
  return problem.scaling == QKV_ROPE_YARN ? 0.1 * std::log(static_cast<double>(problem.factor)) + 1 : 1;
}

}  // namespace

qkv_rope_table_args RopeTableProblem::args() const {
  qkv_rope_table_args args = {};
  args.size = sizeof args;
  args.first_position = first_position;
  args.base = base;
  args.scaling = scaling;
  args.factor = factor;
  args.original_context = original_context;
  args.low_turns = low_turns;
  args.high_turns = high_turns;
  args.magnitude = magnitude;
  return args;
}

Expected rope_table_reference(const RopeTableProblem& problem) {
  Expected expected(problem.shape());
  const int64_t pairs = problem.rotary_dim / 2;
  const double magnitude = magnitude_of(problem), size = std::abs(magnitude);
  for_each_index(problem.shape(), [&](int64_t, int64_t, int64_t row, int64_t column) {
    const int64_t position =
        problem.positions.empty() ? problem.first_position + row : problem.positions[static_cast<size_t>(row)];
    double frequency = frequency_of(problem, static_cast<double>(column % pairs));
    if (problem.divisors.present()) frequency /= static_cast<double>(problem.divisors(0, column % pairs));
    const double angle = static_cast<double>(position) * frequency;
    const double wave = column < pairs ? std::cos(angle) : std::sin(angle);
    expected.value(row, column) = wave * magnitude;
    expected.error(row, column) =
        rounding * size * std::abs(wave) * (3 + 0x1p-20) + 64 * 0x1p-53 * size * angle + smallest;
  });
  return expected;
}

Expected rope_reference(const RopeProblem& problem) {
  const Shape& shape = problem.input.shape();
  const int64_t pairs = problem.table.shape()[3] / 2;
  Expected expected(shape);
  for_each_index(shape, [&](int64_t, int64_t row, int64_t head, int64_t column) {
    const auto x = [&](int64_t at) { return static_cast<double>(problem.input(0, row, head, at)); };
    double& value = expected.value(0, row, head, column);
    value = x(column);
    if (column >= 2 * pairs) return;
    const bool halves = problem.kind == QKV_ROPE_HALVES;
    const int64_t pair = halves ? column % pairs : column / 2;
    const bool is_b = halves ? column >= pairs : column % 2 == 1;
    const double a = x(halves ? pair : 2 * pair), b = x(halves ? pairs + pair : 2 * pair + 1);
    const auto cosine = static_cast<double>(problem.table(row, pair));
    const auto sine = static_cast<double>(problem.table(row, pairs + pair));
    value = is_b ? b * cosine + a * sine : a * cosine - b * sine;
    const double size = is_b ? std::abs(b * cosine) + std::abs(a * sine) : std::abs(a * cosine) + std::abs(b * sine);
    expected.error(0, row, head, column) = 2 * rounding * size + smallest;
  });
  return expected;
}

}  // namespace qkv_test
