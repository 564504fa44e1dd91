// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cfloat>
#include <limits>

#include "rows/determinism.hpp"

namespace qkv_test {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

SoftmaxProblem gaussian_softmax(int64_t rows, int64_t columns, float deviation, uint64_t seed) {
  SoftmaxProblem problem{.rows = rows, .columns = columns};
  problem.input = Random(seed).gaussian_array(problem.shape(), deviation);
  return problem;
}

// Bias and mask, broadcast or not, and poison in every input that they hide.
void hide_some(SoftmaxProblem& problem, Random& random) {
  Shape shape = problem.shape();
  if (random.chance(0.4)) shape[random.chance(0.5) ? 2 : 3] = 1;
  if (random.chance(0.5)) {
    problem.bias = random.gaussian_array(shape);
    for (float& bias : problem.bias.values()) bias = random.chance(0.2) ? -infinity : bias;
  }
  if (random.chance(0.5)) {
    problem.mask = Array<uint8_t>(shape);
    for (uint8_t& mask : problem.mask.values()) mask = random.pick<uint8_t>({0, 1, 2, 255});
  }
  for_each_index(problem.shape(), [&](int64_t, int64_t, int64_t row, int64_t j) {
    if (!visible(problem, row, j)) problem.input(row, j) = j % 2 == 0 ? nan : infinity;
  });
}

void check(const SoftmaxProblem& problem, const RowCall& call = {}) {
  const Expected expected = softmax_reference(problem);
  for_each_tier([&](const std::string& tier) {
    INFO("on ", tier, ": ", problem.rows, " x ", problem.columns);
    CHECK(first_failure("output", call_softmax(problem, call), expected) == "");
  });
}

}  // namespace

TEST_CASE("softmax: every tail of the columns, at both guard pages, with and without masks") {
  for (int64_t columns = 1; columns <= 40; columns++) {
    for (uint64_t seed = 0; seed < 6; seed++) {
      SoftmaxProblem problem = gaussian_softmax(3, columns, 2, seed);
      Random random(seed);
      if (seed > 0) hide_some(problem, random);
      check(problem, {.layout_seed = seed});
      check(problem, {.layout_seed = seed, .in_place = true});
    }
  }
}

TEST_CASE("softmax: random shapes, magnitudes, scales, layouts, pools") {
  const int64_t count = case_count(3000);
  for (int64_t i = 0; i < count; i++) {
    const uint64_t seed = base_seed() + static_cast<uint64_t>(i);
    Random random(seed);
    CAPTURE(seed);
    const auto deviation = random.pick<float>({0, 1, 8, 64});
    SoftmaxProblem problem = gaussian_softmax(random.integer(1, 9), random.integer(1, 300), deviation, seed);
    if (random.chance(0.4)) problem.scale = random.pick<float>({0, -1, 0.125f, 3});
    if (random.chance(0.5)) hide_some(problem, random);
    const auto workers = static_cast<int32_t>(random.chance(0.3) ? random.integer(1, 7) : 0);
    check(problem, {seed, random.chance(0.3), {.workers = workers, .seed = seed}});
  }
}

TEST_CASE("softmax: long rows: rising, equal, one great value, an offset") {
  for (int64_t columns : {1000, 4097, 30522}) {
    SoftmaxProblem problem = gaussian_softmax(4, columns, 1, 1);
    for (int64_t j = 0; j < columns; j++) {
      problem.input(0, j) = 0.01f * static_cast<float>(j);
      problem.input(1, j) = 3;
      problem.input(3, j) += 1000;
    }
    problem.input(2, columns - 1) = 40;
    check(problem);
  }
}

TEST_CASE("softmax: a row without a visible column is zeros") {
  SoftmaxProblem problem = gaussian_softmax(3, 21, 1, 1);
  problem.mask = Array<uint8_t>({1, 1, 3, 1}, 1);
  problem.mask(1, 0) = 0;
  problem.bias = Array<float>({1, 1, 3, 1});
  problem.bias(2, 0) = -infinity;
  for (int64_t j = 0; j < 21; j++) problem.input(1, j) = problem.input(2, j) = nan;
  check(problem);
  for (float& input : problem.input.values()) input = -infinity;
  check(problem);
}

TEST_CASE("softmax: a finite bias hides nothing, however negative") {
  for (float bias : {-1e9f, -1e30f, -FLT_MAX}) {
    SoftmaxProblem problem = gaussian_softmax(2, 37, 0, 1);
    const Expected unbiased = softmax_reference(problem);
    problem.bias = Array<float>({1, 1, 1, 1}, bias);
    for_each_tier([&](const std::string& tier) {
      CAPTURE(tier);
      CAPTURE(bias);
      CHECK(first_failure("output", call_softmax(problem), unbiased) == "");
    });
  }
}

TEST_CASE("softmax: NaN and +inf spoil their row, -inf has weight 0, other rows keep their bits") {
  const SoftmaxProblem clean = gaussian_softmax(5, 53, 1, 1);
  for (int64_t j : {0, 15, 16, 47, 48, 52}) {
    SoftmaxProblem spoiled = clean;
    spoiled.input(1, j) = nan;
    spoiled.input(2, j) = infinity;
    spoiled.input(3, j) = -infinity;
    check(spoiled);
    for_each_tier([&](const std::string& tier) {
      CAPTURE(tier);
      const Array<float> before = call_softmax(clean), after = call_softmax(spoiled);
      for (int64_t row : {0, 4}) CHECK(bit_hash(slice(before, 2, row, 1)) == bit_hash(slice(after, 2, row, 1)));
    });
  }
}

TEST_CASE("softmax: empty problems succeed") {
  check(gaussian_softmax(0, 5, 1, 1));
  check(gaussian_softmax(5, 0, 1, 1));
}

TEST_CASE("softmax: same row, same bits") {
  const int64_t count = case_count(300);
  for (int64_t i = 0; i < count; i++) {
    const uint64_t seed = base_seed() + static_cast<uint64_t>(i);
    Random random(seed);
    SoftmaxProblem problem = gaussian_softmax(random.integer(1, 30), random.integer(1, 300), 2, seed);
    hide_some(problem, random);
    const auto part = [&](int64_t first, int64_t count_of_rows) {
      SoftmaxProblem rows = problem;
      rows.rows = count_of_rows;
      rows.input = slice(problem.input, 2, first, count_of_rows);
      rows.bias = slice(problem.bias, 2, first, count_of_rows);
      rows.mask = slice(problem.mask, 2, first, count_of_rows);
      return call_softmax(rows);
    };
    check_row_determinism(
        problem.rows, seed, [&](const RowCall& call) { return call_softmax(problem, call); }, part);
  }
}

TEST_CASE("gate: a column too few is caught") {
  const SoftmaxProblem problem = gaussian_softmax(4, 200, 1, 1);
  const Expected expected = softmax_reference(problem);
  for (int64_t j = 0; j < 200; j++) {
    SoftmaxProblem short_of_one = problem;
    short_of_one.mask = Array<uint8_t>({1, 1, 1, 200}, 1);
    short_of_one.mask(0, j) = 0;
    Array<float> output(problem.shape());
    const Expected wrong = softmax_reference(short_of_one);
    for (size_t i = 0; i < output.values().size(); i++)
      output.values()[i] = static_cast<float>(wrong.value.values()[i]);
    output(0, j) = static_cast<float>(expected.value(0, j));
    CHECK(first_failure("output", output, expected) != "");
  }
}

TEST_CASE("softmax: workers that share a problem give the same bits") {
  SoftmaxProblem problem = gaussian_softmax(pooled_rows, pooled_columns, 2, 1);
  Random random(1);
  hide_some(problem, random);
  check_pool_determinism([&](const RowCall& call) { return call_softmax(problem, call); });
}

}  // namespace qkv_test
