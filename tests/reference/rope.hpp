// SPDX-License-Identifier: Apache-2.0
// Rotary embeddings in double precision.
#pragma once

#include <vector>

#include "qkv/rope.h"
#include "support/gate.hpp"

namespace qkv_test {

// An entry is a rounded sine of an angle in double, times a rounded magnitude m:
//   |error| <= u m (2 + |f| (1 + 2^-20)) + 64 * 2^-53 m angle (powers, logarithms of the scaling, product)
struct RopeTableProblem {
  int64_t rows = 1, rotary_dim = 2;
  float base = 0;
  int32_t scaling = QKV_ROPE_UNSCALED;
  float factor = 0, original_context = 0, low_turns = 0, high_turns = 0, magnitude = 0;
  std::vector<int64_t> positions = {};  // empty: first_position + row
  int64_t first_position = 0;
  Array<float> divisors = {};

  Shape shape() const { return {1, 1, rows, rotary_dim}; }
  qkv_rope_table_args args() const;  // but for the operands
};
Expected rope_table_reference(const RopeTableProblem& problem);

// |error| <= 2 u (|a cos| + |b sin|): a rounded product, and a fused sum
struct RopeProblem {
  int32_t kind = QKV_ROPE_HALVES;
  Array<float> table = {};  // [1, 1, rows, rotary dim]
  Array<float> input = {};  // [1, rows, heads, head dim]
};
Expected rope_reference(const RopeProblem& problem);

}  // namespace qkv_test
