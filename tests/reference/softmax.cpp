// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <limits>

#include "reference/rows.hpp"

namespace qkv_test {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

struct Row {
  std::vector<int64_t> columns;
  std::vector<double> logit, error, weight;
  double max = -infinity, sum = 0;
  bool is_nan = false;
};

Row read_row(const SoftmaxProblem& problem, int64_t row) {
  const double scale = problem.scale.value_or(1);
  Row result;
  for (int64_t j = 0; j < problem.columns; j++) {
    if (!visible(problem, row, j)) continue;
    const double scaled = scale * problem.input(row, j);
    const double logit = scaled + (problem.bias.present() ? problem.bias(row, j) : 0);
    result.is_nan = result.is_nan || std::isnan(logit) || logit == infinity;
    result.max = std::max(result.max, logit);
    result.columns.push_back(j);
    result.logit.push_back(logit);
    result.error.push_back(std::abs(scaled) + 2 * std::abs(logit));
  }
  return result;
}

void weigh(Row& row) {
  double mean_error = 0;
  for (size_t i = 0; i < row.logit.size(); i++) {
    row.weight.push_back(std::exp(row.logit[i] - row.max));
    row.sum += row.weight[i];
    row.error[i] += row.max - row.logit[i];
  }
  for (size_t i = 0; i < row.weight.size(); i++) {
    row.weight[i] /= row.sum;
    if (row.weight[i] == 0) row.error[i] = 0;
    mean_error += row.weight[i] * row.error[i];
  }
  for (double& error : row.error) error += mean_error;
}

}  // namespace

bool visible(const SoftmaxProblem& problem, int64_t row, int64_t column) {
  if (problem.mask.present() && problem.mask(row, column) == 0) return false;
  return !problem.bias.present() || problem.bias(row, column) != -std::numeric_limits<float>::infinity();
}

Expected softmax_reference(const SoftmaxProblem& problem) {
  Expected expected(problem.shape());
  for (int64_t r = 0; r < problem.rows; r++) {
    Row row = read_row(problem, r);
    if (row.max == -infinity && !row.is_nan) continue;  // zeros
    weigh(row);
    const double chain = chain_error(static_cast<int64_t>(row.columns.size()));
    for (size_t i = 0; i < row.columns.size(); i++) {
      const double weight = row.is_nan ? std::numeric_limits<double>::quiet_NaN() : row.weight[i];
      expected.value(r, row.columns[i]) = weight;
      expected.error(r, row.columns[i]) = rounding * weight * (4 * row.error[i] + chain) + exp_cut;
    }
  }
  return expected;
}

}  // namespace qkv_test
