// SPDX-License-Identifier: Apache-2.0
// Attention problems: random shapes and options, and the families of data that break kernels.
#pragma once

#include "reference/attention.hpp"
#include "support/random.hpp"

namespace qkv_test {

struct Family {
  const char* name;
  void (*fill)(AttentionProblem& problem, Random& random);  // query, key and value of the problem's shape
};

const std::vector<Family>& families();
void fill_gaussian(AttentionProblem& problem, Random& random);

// Logits beyond what a folded shift holds (65536 in log2 units), alternating in sign and size. No family, for the gate
// is of first order: with large head dims or biases the rounding of such logits moves weights by more than that covers.
void fill_huge(AttentionProblem& problem, Random& random);

// Extents where tails, tiles and blocks of every tier begin and end.
const std::vector<int64_t>& edge_extents();
const std::vector<int64_t>& head_dims();

struct Limits {
  bool decode = false;     // at most 8 query rows
  int64_t work = 1 << 18;  // most (query, key) pairs times dims
};

// Shape, options and data.
AttentionProblem random_problem(Random& random, const Limits& limits = {});

// Given shapes, Gaussian data, no options.
AttentionProblem gaussian_problem(AttentionProblem shape, uint64_t seed);

// NaN or infinity in every key and value that no row sees, and in every bias at an invisible key.
void poison_invisible(AttentionProblem& problem);

}  // namespace qkv_test
