// SPDX-License-Identifier: Apache-2.0
#include "reference/matmul.hpp"

#include <cmath>

#include "reference/activation.hpp"

namespace qkv_test {

static void write_element(const MatmulProblem& problem, int64_t row, int64_t column, Expected& output) {
  double sum = 0, products = 0;
  for (int64_t i = 0; i < problem.k; i++) {
    const double product = static_cast<double>(problem.input(row, i)) * problem.weight(column, i);
    sum += product;
    products += std::abs(product);
  }
  const double bias = problem.bias.present() ? problem.bias(0, column) : 0;
  sum += bias;
  const double error =
      rounding * (chain_error(problem.k, problem.block) * products + 2 * (std::abs(bias) + std::abs(sum))) +
      static_cast<double>(problem.k) * smallest;
  output.value(row, column) = activate(problem.activation, sum);
  output.error(row, column) = activation_error(problem.activation, sum, error);
}

Expected matmul_reference(const MatmulProblem& problem) {
  Expected output(problem.output_shape());
  for (int64_t row = 0; row < problem.m; row++) {
    for (int64_t column = 0; column < problem.n; column++) write_element(problem, row, column, output);
  }
  return output;
}

std::string describe(const MatmulProblem& problem) {
  return std::to_string(problem.m) + " x " + std::to_string(problem.n) + " x " + std::to_string(problem.k) + " " +
         activation_name(problem.activation) + (problem.bias.present() ? " with bias" : "");
}

}  // namespace qkv_test
