// SPDX-License-Identifier: Apache-2.0
// Data that breaks attention kernels, each at a decode shape, a prefill shape and a long one.
#include <doctest/doctest.h>

#include <limits>

#include "attention/attend.hpp"
#include "attention/problems.hpp"

namespace qkv_test {

static std::vector<AttentionProblem> family_shapes() {
  return {{.query_heads = 4, .key_heads = 2, .queries = 3, .keys = 517, .key_dim = 64, .value_dim = 64},
          {.queries = 70, .keys = 259, .key_dim = 40, .value_dim = 24},
          {.query_heads = 3, .queries = 65, .keys = 65, .key_dim = 128, .value_dim = 128, .causal = true},
          {.queries = 1, .keys = 4099, .key_dim = 32, .value_dim = 32},
          {.queries = 17, .keys = 2050, .key_dim = 16, .value_dim = 48}};
}

template <typename Change>
static void check_families(const Change& change) {
  for (const Family& family : families()) {
    for (AttentionProblem& problem : family_shapes()) {
      Random random(base_seed());
      family.fill(problem, random);
      change(problem, random);
      CAPTURE(std::string(family.name));
      check_on_every_tier(problem);
    }
  }
}

TEST_CASE("families: adversarial data passes the per-element gate") {
  check_families([](AttentionProblem&, Random&) {});
}

TEST_CASE("families: with a bias that is -inf or very negative at half of the keys") {
  check_families([](AttentionProblem& problem, Random& random) {
    problem.bias = Array<float>(problem.weights_shape());
    for (float& bias : problem.bias.values()) {
      bias = random.pick<float>({0, 0.5f, -1e9f, -std::numeric_limits<float>::infinity()});
    }
    poison_invisible(problem);
  });
}

TEST_CASE("families: with every third key hidden by a boolean mask") {
  check_families([](AttentionProblem& problem, Random&) {
    problem.mask = Array<uint8_t>({1, 1, 1, problem.keys}, 1);
    for (int64_t j = 0; j < problem.keys; j += 3) problem.mask(0, j) = 0;
    poison_invisible(problem);
  });
}

}  // namespace qkv_test
