// SPDX-License-Identifier: Apache-2.0
// The gate of matmul lets an honest f32 sum through and catches a dropped term.
#include <doctest/doctest.h>

#include "matmul/multiply.hpp"

namespace qkv_test {

static Array<float> plain_product(const MatmulProblem& problem, int64_t dropped) {
  Array<float> output(problem.output_shape());
  for_each_index(problem.output_shape(), [&](int64_t, int64_t, int64_t row, int64_t column) {
    float sum = problem.bias(0, column);
    for (int64_t i = 0; i < problem.k; i++) {
      if (i != dropped) sum += problem.input(row, i) * problem.weight(column, i);
    }
    output(row, column) = sum;
  });
  return output;
}

TEST_CASE("gate: an f32 sum passes, a dropped product and a dropped bias are caught") {
  for (int64_t k : {1, 7, 64, 300}) {
    const MatmulProblem problem = gaussian_matmul(8, 9, k, true, static_cast<uint64_t>(k));
    const Expected expected = matmul_reference(problem);
    CHECK(first_failure("output", plain_product(problem, -1), expected) == "");
    for (int64_t dropped = 0; dropped < k; dropped++) {
      CHECK(first_failure("output", plain_product(problem, dropped), expected) != "");
    }
    MatmulProblem unbiased = problem;
    unbiased.bias = Array<float>(problem.bias_shape());
    CHECK(first_failure("output", plain_product(unbiased, -1), expected) != "");
  }
}

}  // namespace qkv_test
