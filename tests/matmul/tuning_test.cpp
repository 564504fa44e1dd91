// SPDX-License-Identifier: Apache-2.0
// What the marks (bits) of qkv/tuning.h promise of a product.
#include <doctest/doctest.h>

#include <algorithm>

#include "matmul/multiply.hpp"
#include "support/bits.hpp"
#include "support/tiers.hpp"

namespace qkv_test {
namespace {

using Choice = int64_t qkv_tuning::*;

qkv_tuning choose(Choice choice, int64_t value) {
  qkv_tuning tuning = {};
  tuning.size = sizeof tuning;
  tuning.*choice = value;
  return tuning;
}

std::vector<qkv_tuning> odd_tunings() {
  qkv_tuning small = choose(&qkv_tuning::matmul_rows_per_task, 1), large = small;
  small.matmul_panels_per_task = 1;
  small.matmul_least_tasks = 65536;
  small.matmul_depth_block = 16;
  large.matmul_rows_per_task = 65536;
  large.matmul_panels_per_task = 65536;
  large.matmul_least_tasks = 1;
  large.matmul_depth_block = 999;
  return {small, large};
}

// One row, a few, several blocks of rows; depths within and past a block, tails everywhere.
std::vector<MatmulProblem> sample_problems() {
  return {gaussian_matmul(1, 300, 1500, true, 1), gaussian_matmul(6, 203, 1025, false, 2),
          gaussian_matmul(197, 130, 300, true, 3), gaussian_matmul(400, 17, 40, false, 4)};
}

template <typename Check>
void check_samples(const Check& check) {
  for (const MatmulProblem& problem : sample_problems()) {
    for_each_tier([&](const std::string& tier) {
      INFO("on ", tier, ": ", describe(problem));
      check(problem);
    });
  }
}

void check_gate(MatmulProblem problem, const qkv_tuning& tuning) {
  problem.block = std::max(problem.block, static_cast<double>(tuning.matmul_depth_block));
  const Expected expected = matmul_reference(problem);
  for_each_tier([&](const std::string& tier) {
    INFO("on ", tier, ": ", describe(problem), ", matmul_depth_block ", tuning.matmul_depth_block);
    CHECK(first_failure("output", multiply(problem, 0, {}, &tuning), expected) == "");
  });
}

}  // namespace

TEST_CASE("tuning: rows, panels and number of tasks change no bit") {
  check_samples([](const MatmulProblem& problem) {
    const uint64_t hash = bit_hash(multiply(problem));
    for (const Choice choice :
         {&qkv_tuning::matmul_rows_per_task, &qkv_tuning::matmul_panels_per_task, &qkv_tuning::matmul_least_tasks}) {
      for (const int64_t value : {1, 2, 7, 48, 65536}) {
        const qkv_tuning tuning = choose(choice, value);
        CAPTURE(value);
        CHECK(bit_hash(multiply(problem, 0, {}, &tuning)) == hash);
        CHECK(bit_hash(multiply(problem, 5, {.workers = 3}, &tuning)) == hash);
      }
    }
  });
}

TEST_CASE("tuning: the depth of a block changes bits and stays within the error of its blocks") {
  for (const int64_t depth : {16, 17, 100, 512, 2000, 65536}) {
    const qkv_tuning tuning = choose(&qkv_tuning::matmul_depth_block, depth);
    int changed = 0;
    for (const MatmulProblem& problem : sample_problems()) {
      check_gate(problem, tuning);
      changed += bit_hash(multiply(problem, 0, {}, &tuning)) != bit_hash(multiply(problem)) ? 1 : 0;
    }
    CAPTURE(depth);
    CHECK(changed > 0);
  }
}

TEST_CASE("tuning: odd choices together, in random problems") {
  for (const qkv_tuning& tuning : odd_tunings()) {
    const int64_t count = case_count(150);
    for (int64_t i = 0; i < count; i++) {
      const uint64_t seed = base_seed() + static_cast<uint64_t>(i);
      Random random(seed);
      CAPTURE(seed);
      check_gate(random_matmul(random, 1 << 16), tuning);
    }
  }
}

TEST_CASE("tuning: under odd choices workers, pools and neighbours change no bit") {
  check_samples([](const MatmulProblem& problem) {
    MatmulProblem last_row = problem;
    last_row.m = 1;
    last_row.input = problem.m == 1 ? problem.input : slice(problem.input, 2, problem.m - 1, 1);
    for (const qkv_tuning& tuning : odd_tunings()) {
      const Array<float> whole = multiply(problem, 0, {}, &tuning);
      for (int32_t workers = 1; workers <= 5; workers += 2) {
        for (const bool threads : {false, true}) {
          const Execution execution{.workers = workers, .threads = threads, .seed = base_seed()};
          CHECK(bit_hash(multiply(problem, 0, execution, &tuning)) == bit_hash(whole));
        }
      }
      CHECK(bit_hash(multiply(last_row, 0, {}, &tuning)) == bit_hash(slice(whole, 2, problem.m - 1, 1)));
    }
  });
}

}  // namespace qkv_test
