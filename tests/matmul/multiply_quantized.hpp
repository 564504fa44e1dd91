// SPDX-License-Identifier: Apache-2.0
// Runs a product with quantised weights on the library: operands, blocks and packed weight in guarded memory.
#pragma once

#include "qkv/tuning.h"
#include "reference/quantized.hpp"
#include "support/execution.hpp"
#include "support/random.hpp"
#include "support/staged_tensor.hpp"

namespace qkv_test {

// A weight packed for the tier in use; rows lie `gap` bytes of poison apart, and the last byte is the last of a page.
class PackedBlocks {
 public:
  explicit PackedBlocks(const QuantizedProblem& problem, int64_t gap = 0);
  void* data() const { return memory_.data(); }
  size_t size() const { return memory_.size(); }

 private:
  GuardedMemory memory_;
};

Array<float> multiply(const QuantizedProblem& problem, uint64_t layout_seed = 0, const Execution& execution = {},
                      const qkv_tuning* tuning = nullptr);

// Gaussian input; random quants, scales of about 1 / (greatest quant).
QuantizedProblem quantized_problem(const BlockFacts& facts, int64_t m, int64_t n, int64_t blocks, uint64_t seed);

void check_on_every_tier(const QuantizedProblem& problem, uint64_t layout_seed = 0, const Execution& execution = {});

}  // namespace qkv_test
