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
    // Every row sees key 0 as it is: among keys of -1e9 alone, 64 apart in f32, no gate of first order could judge.
    for_each_index(problem.weights_shape(), [&](int64_t b, int64_t h, int64_t row, int64_t j) {
      const float bias = random.pick<float>({0, 0.5f, -1e9f, -std::numeric_limits<float>::infinity()});
      problem.bias(b, h, row, j) = j == 0 ? 0 : bias;
    });
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

TEST_CASE("families: logits that no folded shift holds, alone and with every third key hidden") {
  for (AttentionProblem problem : family_shapes()) {
    problem.key_dim = 12;
    Random random(base_seed());
    fill_huge(problem, random);
    check_on_every_tier(problem);
    problem.mask = Array<uint8_t>({1, 1, 1, problem.keys}, 1);
    for (int64_t j = 0; j < problem.keys; j += 3) problem.mask(0, j) = 0;
    poison_invisible(problem);
    check_on_every_tier(problem);
  }
}

}  // namespace qkv_test
