// SPDX-License-Identifier: Apache-2.0
// Runs a matmul problem on the library: operands and packed weight in guarded memory.
#pragma once

#include "reference/matmul.hpp"
#include "support/execution.hpp"
#include "support/staged_tensor.hpp"

namespace qkv_test {

// A weight packed for the tier in use, in memory of exactly the size the library asks for.
class PackedWeight {
 public:
  PackedWeight(const Array<float>& weight, const Layout& layout);
  void* data() const { return memory_.data(); }
  size_t size() const { return memory_.size(); }

 private:
  static GuardedMemory memory_for(const qkv_tensor& weight);
  StagedTensor<float> weight_;
  GuardedMemory memory_;
};

// layout_seed 0: contiguous, else random layouts. The call must succeed and touch nothing but its output's elements.
Array<float> multiply(const MatmulProblem& problem, uint64_t layout_seed = 0, const Execution& execution = {},
                      const qkv_tuning* tuning = nullptr);

// Shapes and data; contents by family: Gaussian, all positive, cancelling, of very different magnitudes.
MatmulProblem random_matmul(Random& random, int64_t work);
MatmulProblem gaussian_matmul(int64_t m, int64_t n, int64_t k, bool with_bias, uint64_t seed);

void check_on_every_tier(const MatmulProblem& problem, uint64_t layout_seed = 0, const Execution& execution = {});

}  // namespace qkv_test
