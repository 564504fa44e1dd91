// SPDX-License-Identifier: Apache-2.0
// The row-wise operations in double precision.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "support/gate.hpp"

namespace qkv_test {

// Softmax of x = scale input + bias with weights p and m = max x. Logit j is off by u (|scale input_j| + |x_j|) when it
// is formed, and by u (|x_j| + (m - x_j)) when it goes into exp; e_j is the sum:
//   |error of p_j| <= u p_j [4 (e_j + sum_i p_i e_i) + 4 + 3 sqrt L] + cut
struct SoftmaxProblem {
  int64_t rows = 1, columns = 1;
  std::optional<float> scale = {};
  Array<float> input = {}, bias = {};
  Array<uint8_t> mask = {};

  Shape shape() const { return {1, 1, rows, columns}; }
};

bool visible(const SoftmaxProblem& problem, int64_t row, int64_t column);
Expected softmax_reference(const SoftmaxProblem& problem);

// Norms of x = fl(input + residual) with n columns, mean mu (0 for RMSNorm), variance V about it, r = 1 / sqrt(V +
// epsilon):
//   |error of mu| <= D = u (4 + 3 sqrt L) mean|x|;  relative error of V <= E = u (4 + 3 sqrt L + 8) + D^2 / V
//   |error| <= |w| r [D + u |x - mu| (8 + E / 2u)] + 2 u (|b| + |output|)
struct NormProblem {
  int64_t rows = 1, columns = 1;
  int32_t kind = 0;
  float epsilon = 1e-5f;
  Array<float> input = {}, residual = {}, weight = {}, bias = {};

  Shape shape() const { return {1, 1, rows, columns}; }
  Shape row_shape() const { return {1, 1, 1, columns}; }
};

Array<float> norm_sum(const NormProblem& problem);  // exact: one f32 addition
Expected norm_reference(const NormProblem& problem);

// Position encodings are correctly rounded sines of angles in double:
//   |error| <= u |f| (1 + 2^-20) + 8 * 2^-53 * angle (pow, product, sine), + u |sum| where it is added to something
struct PositionProblem {
  int64_t rows = 1, columns = 2;
  int32_t kind = 1;
  float base = 0;
  std::vector<int64_t> positions = {};  // empty: first_position + row
  int64_t first_position = 0;
  Array<float> table = {};   // learned
  Array<float> addend = {};  // present: accumulate onto it

  Shape shape() const { return {1, 1, rows, columns}; }
};

Expected position_reference(const PositionProblem& problem);

// Learned positions and embeddings: exact copies, or one f32 addition.
Array<float> lookup_reference(const Array<float>& table, const std::vector<int64_t>& ids, const Array<float>& addend);

}  // namespace qkv_test
