// SPDX-License-Identifier: Apache-2.0
// Runs the row-wise operations on staged operands. Every call must succeed, leave its inputs alone and write nothing
// but the elements of its outputs.
#pragma once

#include <bit>

#include "reference/rope.hpp"
#include "reference/rows.hpp"
#include "support/execution.hpp"
#include "support/staged_tensor.hpp"

namespace qkv_test {

struct RowCall {
  uint64_t layout_seed = 0;  // 0: contiguous, at the end of a page
  bool in_place = false;     // output is the view of the input (norm: of the residual where there is one)
  Execution execution = {};
};

struct NormResult {
  Array<float> output, sum;
};

Array<float> call_softmax(const SoftmaxProblem& problem, const RowCall& call = {});
NormResult call_norm(const NormProblem& problem, bool want_sum, const RowCall& call = {});
Array<float> call_activation(int32_t kind, const Array<float>& input, const RowCall& call = {},
                             const Array<float>& multiplier = {});
Array<float> call_embedding(const Array<float>& table, const std::vector<int64_t>& ids, const Array<float>& addend,
                            const RowCall& call = {});
Array<float> call_position(const PositionProblem& problem, const RowCall& call = {});
Array<float> call_rope_table(const RopeTableProblem& problem, const RowCall& call = {});
Array<float> call_rope(const RopeProblem& problem, const RowCall& call = {});

}  // namespace qkv_test
