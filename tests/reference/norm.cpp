// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "qkv/norm.h"
#include "reference/rows.hpp"

namespace qkv_test {
namespace {

struct Moments {
  double mean = 0, magnitude = 0, variance = 0;
};

Moments moments_of(const NormProblem& problem, const Array<float>& x, int64_t row) {
  const auto n = static_cast<double>(problem.columns);
  Moments moments;
  for (int64_t j = 0; j < problem.columns; j++) {
    moments.mean += x(row, j) / n;
    moments.magnitude += std::abs(x(row, j)) / n;
  }
  if (problem.kind == QKV_RMS_NORM) moments.mean = moments.magnitude = 0;
  for (int64_t j = 0; j < problem.columns; j++) {
    const double distance = x(row, j) - moments.mean;
    moments.variance += distance * distance / n;
  }
  return moments;
}

void write_row(const NormProblem& problem, const Array<float>& x, int64_t row, Expected& expected) {
  const Moments moments = moments_of(problem, x, row);
  const double chain = chain_error(problem.columns), mean_error = rounding * chain * moments.magnitude;
  const double variance = moments.variance + problem.epsilon, r = 1 / std::sqrt(variance);
  const double variance_error = rounding * (chain + 8) + mean_error * mean_error / variance;
  for (int64_t j = 0; j < problem.columns; j++) {
    const double weight = problem.weight.present() ? problem.weight(0, j) : 1;
    const double bias = problem.bias.present() ? problem.bias(0, j) : 0;
    const double distance = x(row, j) - moments.mean, value = distance * r * weight + bias;
    expected.value(row, j) = value;
    expected.error(row, j) =
        std::abs(weight) * r * (mean_error + std::abs(distance) * (8 * rounding + variance_error / 2)) +
        2 * rounding * (std::abs(bias) + std::abs(value)) + smallest;
  }
}

}  // namespace

Array<float> norm_sum(const NormProblem& problem) {
  Array<float> sum = problem.input;
  if (!problem.residual.present()) return sum;
  for (size_t i = 0; i < sum.values().size(); i++) sum.values()[i] += problem.residual.values()[i];
  return sum;
}

Expected norm_reference(const NormProblem& problem) {
  Expected expected(problem.shape());
  const Array<float> x = norm_sum(problem);
  for (int64_t row = 0; row < problem.rows; row++) write_row(problem, x, row, expected);
  return expected;
}

}  // namespace qkv_test
