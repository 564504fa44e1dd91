// SPDX-License-Identifier: Apache-2.0
// Random shapes, options, layouts and data against the reference, on every tier.
#include <doctest/doctest.h>

#include "attention/attend.hpp"
#include "attention/problems.hpp"

namespace qkv_test {

static void check_random_problem(uint64_t seed, const Limits& limits) {
  Random random(seed);
  const AttentionProblem problem = random_problem(random, limits);
  const Staging staging{.layout_seed = seed + 1, .lse = random.chance(0.6), .weights = random.chance(0.3)};
  Execution execution{.seed = seed};
  if (random.chance(0.3)) execution.workers = static_cast<int32_t>(random.integer(1, 7));
  CAPTURE(seed);
  check_on_every_tier(problem, staging, execution);
}

static void check_random_problems(int64_t count, const Limits& limits) {
  for (int64_t i = 0; i < count; i++) check_random_problem(base_seed() + static_cast<uint64_t>(i), limits);
}

TEST_CASE("random small problems") {
  check_random_problems(case_count(3000), {});
}

TEST_CASE("random decode problems") {
  check_random_problems(case_count(1700), {.decode = true, .work = 1 << 19});
}

TEST_CASE("random large problems") {
  check_random_problems(case_count(300), {.work = 1 << 22});
}

TEST_CASE("every head dim from 1 to 288, in prefill and decode") {
  for (int64_t dim = 1; dim <= 288; dim += brief_run() ? 7 : 1) {
    for (int64_t queries : {1, 9}) {
      AttentionProblem shape{.queries = queries, .keys = 11, .key_dim = dim, .value_dim = 289 - dim};
      check_on_every_tier(gaussian_problem(shape, static_cast<uint64_t>(dim)));
    }
  }
}

}  // namespace qkv_test
