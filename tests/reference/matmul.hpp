// SPDX-License-Identifier: Apache-2.0
// output[m, n] = activation(sum_k input[m, k] weight[n, k] + bias[n]) in double precision.
//
// Gate: with z the sum, L the longest chain of additions (see chain_error),
//   |error of z| <= u (4 + 3 sqrt L) sum_k |input weight| + 2 u (|bias| + |z|)
// and the activation carries it on, plus its own error.
#pragma once

#include <string>

#include "support/gate.hpp"

namespace qkv_test {

struct MatmulProblem {
  int64_t m = 1, n = 1, k = 1;
  int32_t activation = 0;
  Array<float> input = {}, weight = {}, bias = {};  // [m, k], [n, k], [n] or absent
  double block = keys_per_block;                    // B of the gate: larger only where a tuning asks for larger blocks

  Shape input_shape() const { return {1, 1, m, k}; }
  Shape weight_shape() const { return {1, 1, n, k}; }
  Shape bias_shape() const { return {1, 1, 1, n}; }
  Shape output_shape() const { return {1, 1, m, n}; }
};

Expected matmul_reference(const MatmulProblem& problem);

std::string describe(const MatmulProblem& problem);

}  // namespace qkv_test
