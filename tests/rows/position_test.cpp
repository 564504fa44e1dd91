// SPDX-License-Identifier: Apache-2.0
// Sinusoidal position encodings.
#include <doctest/doctest.h>

#include "rows/determinism.hpp"

namespace qkv_test {
namespace {

void check(const PositionProblem& problem, const RowCall& call = {}) {
  const Expected expected = position_reference(problem);
  for_each_tier([&](const std::string& tier) {
    INFO("on ", tier, ": ", problem.rows, " x ", problem.columns, " kind ", problem.kind, " first ",
         problem.first_position, " base ", problem.base);
    CHECK(first_failure("output", call_position(problem, call), expected) == "");
  });
}

PositionProblem random_positions(int32_t kind, int64_t rows, int64_t columns, uint64_t seed) {
  Random random(seed);
  PositionProblem problem{.rows = rows, .columns = columns, .kind = kind};
  problem.base = random.pick<float>({0, 10000, 500000, 100.5f, 1});
  problem.first_position = random.pick<int64_t>({0, 1, 77, 511, 32768, 1000000});
  if (random.chance(0.3)) problem.addend = random.gaussian_array(problem.shape());
  if (random.chance(0.5)) {
    for (int64_t row = 0; row < rows; row++) problem.positions.push_back(random.integer(0, 2000000));
  }
  return problem;
}

}  // namespace

TEST_CASE("position: every even number of columns, at both guard pages") {
  for (int32_t kind : {QKV_POSITION_SINUSOIDAL, QKV_POSITION_SINUSOIDAL_HALVES}) {
    for (int64_t columns = 4; columns <= 80; columns += 2) {
      for (uint64_t seed = 0; seed < 4; seed++) {
        check(random_positions(kind, 3, columns, seed), {.layout_seed = seed});
      }
    }
  }
  check(random_positions(QKV_POSITION_SINUSOIDAL, 9, 2, 1));
}

TEST_CASE("position: random positions, bases, layouts, pools") {
  const int64_t count = case_count(500);
  for (int64_t i = 0; i < count; i++) {
    const uint64_t seed = base_seed() + static_cast<uint64_t>(i);
    Random random(seed);
    CAPTURE(seed);
    const int32_t kind = i % 2 == 0 ? QKV_POSITION_SINUSOIDAL : QKV_POSITION_SINUSOIDAL_HALVES;
    const auto workers = static_cast<int32_t>(random.chance(0.5) ? random.integer(1, 7) : 0);
    check(random_positions(kind, random.integer(1, 20), 2 * random.integer(2, 60), seed),
          {.layout_seed = seed, .execution = {.workers = workers, .seed = seed}});
  }
}

TEST_CASE("position: the first rows as everyone knows them") {
  for_each_tier([&](const std::string& tier) {
    CAPTURE(tier);
    const Array<float> waves = call_position({.rows = 2, .columns = 4, .kind = QKV_POSITION_SINUSOIDAL});
    const float expected[] = {0, 1, 0, 1, 0.841470985f, 0.540302306f, 0.00999983333f, 0.999950000f};
    for (size_t i = 0; i < 8; i++) CHECK(std::abs(waves.values()[i] - expected[i]) <= 6e-8f);
    const Array<float> halves = call_position({.rows = 2, .columns = 4, .kind = QKV_POSITION_SINUSOIDAL_HALVES});
    const float split[] = {0, 0, 1, 1, 0.841470985f, 0.0000999999998f, 0.540302306f, 0.999999995f};
    for (size_t i = 0; i < 8; i++) CHECK(std::abs(halves.values()[i] - split[i]) <= 6e-8f);
  });
}

TEST_CASE("position: no rows succeed") {
  check({.rows = 0, .columns = 8, .kind = QKV_POSITION_SINUSOIDAL});
}

TEST_CASE("position: same row, same bits") {
  const int64_t count = case_count(100);
  for (int64_t i = 0; i < count; i++) {
    const uint64_t seed = base_seed() + static_cast<uint64_t>(i);
    const int32_t kind = i % 2 == 0 ? QKV_POSITION_SINUSOIDAL : QKV_POSITION_SINUSOIDAL_HALVES;
    const PositionProblem problem = random_positions(kind, 13, 4 + 2 * (i % 40), seed);
    const auto part = [&](int64_t first, int64_t rows) {
      PositionProblem some = problem;
      some.rows = rows;
      some.first_position += first;
      if (!some.positions.empty()) {
        some.positions = {problem.positions.begin() + first, problem.positions.begin() + first + rows};
      }
      some.addend = slice(problem.addend, 2, first, rows);
      return call_position(some);
    };
    check_row_determinism(
        13, seed, [&](const RowCall& call) { return call_position(problem, call); }, part);
  }
}

TEST_CASE("position: workers that share a problem give the same bits") {
  for (int32_t kind : {QKV_POSITION_SINUSOIDAL, QKV_POSITION_SINUSOIDAL_HALVES}) {
    for (uint64_t seed = 1; seed <= 4; seed++) {
      const PositionProblem problem = random_positions(kind, pooled_rows, pooled_columns, seed);
      check_pool_determinism([&](const RowCall& call) { return call_position(problem, call); });
    }
  }
}

}  // namespace qkv_test
