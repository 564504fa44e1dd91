// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "qkv/position.h"
#include "reference/rows.hpp"

namespace qkv_test {
namespace {

struct Wave {
  double angle;
  bool is_cosine;
};

// [2i], [2i + 1] = sin, cos(p / base^(2i / dim)), or halves with base^(i / (dim/2 - 1)).
Wave wave_of(const PositionProblem& problem, double position, int64_t column) {
  const double base = problem.base == 0 ? 10000 : static_cast<double>(problem.base);
  const auto dim = static_cast<double>(problem.columns);
  if (problem.kind == QKV_POSITION_SINUSOIDAL) {
    const auto pair = static_cast<double>(column / 2);
    return {position / std::pow(base, 2 * pair / dim), column % 2 == 1};
  }
  const int64_t half = problem.columns / 2;
  return {position / std::pow(base, static_cast<double>(column % half) / (dim / 2 - 1)), column >= half};
}

}  // namespace

Expected position_reference(const PositionProblem& problem) {
  Expected expected(problem.shape());
  for_each_index(problem.shape(), [&](int64_t, int64_t, int64_t row, int64_t column) {
    const int64_t position =
        problem.positions.empty() ? problem.first_position + row : problem.positions[static_cast<size_t>(row)];
    const Wave wave = wave_of(problem, static_cast<double>(position), column);
    double value = wave.is_cosine ? std::cos(wave.angle) : std::sin(wave.angle);
    double error = rounding * std::abs(value) * (1 + 0x1p-20) + 8 * 0x1p-53 * wave.angle;
    if (problem.addend.present()) {
      value += problem.addend(row, column);
      error += rounding * std::abs(value);
    }
    expected.value(row, column) = value;
    expected.error(row, column) = error + smallest;
  });
  return expected;
}

Array<float> lookup_reference(const Array<float>& table, const std::vector<int64_t>& ids, const Array<float>& addend) {
  const int64_t columns = table.shape()[3];
  Array<float> output({1, 1, static_cast<int64_t>(ids.size()), columns});
  for (int64_t row = 0; row < output.shape()[2]; row++) {
    for (int64_t j = 0; j < columns; j++) {
      const float entry = table(ids[static_cast<size_t>(row)], j);
      output(row, j) = addend.present() ? addend(row, j) + entry : entry;
    }
  }
  return output;
}

}  // namespace qkv_test
