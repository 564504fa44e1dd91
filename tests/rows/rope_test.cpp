// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "rows/determinism.hpp"

namespace qkv_test {
namespace {

void check(const RopeTableProblem& problem, const RowCall& call = {}) {
  const Expected expected = rope_table_reference(problem);
  for_each_tier([&](const std::string& tier) {
    INFO("on ", tier, ": ", problem.rows, " x ", problem.rotary_dim, " scaling ", problem.scaling, " base ",
         problem.base, " first ", problem.first_position);
    CHECK(first_failure("output", call_rope_table(problem, call), expected) == "");
  });
}

void check(const RopeProblem& problem, const RowCall& call = {}) {
  const Expected expected = rope_reference(problem);
  for_each_tier([&](const std::string& tier) {
    INFO("on ", tier, ": kind ", problem.kind, " head dim ", problem.input.shape()[3], " rotary dim ",
         problem.table.shape()[3], " layout ", call.layout_seed);
    CHECK(first_failure("output", call_rope(problem, call), expected) == "");
  });
}

RopeTableProblem random_table(int64_t rows, int64_t rotary_dim, uint64_t seed) {
  Random random(seed);
  RopeTableProblem problem{.rows = rows, .rotary_dim = rotary_dim};
  problem.base = random.pick<float>({0, 10000, 100000, 500000, 1e6f});
  problem.scaling = static_cast<int32_t>(seed % 4);
  const bool by_turns = problem.scaling == QKV_ROPE_LLAMA3 || problem.scaling == QKV_ROPE_YARN;
  if (problem.scaling != QKV_ROPE_UNSCALED) problem.factor = random.pick<float>({1, 2, 8, 32.5f});
  if (by_turns) problem.original_context = random.pick<float>({2048, 4096, 8192, 32768});
  if (by_turns && random.chance(0.3)) problem.low_turns = 2, problem.high_turns = 9;
  if (random.chance(0.2)) problem.magnitude = 1.25f;
  problem.first_position = random.pick<int64_t>({0, 1, 77, 8191, 1000000});
  if (random.chance(0.5)) {
    for (int64_t row = 0; row < rows; row++) problem.positions.push_back(random.integer(0, 2000000));
  }
  if (random.chance(0.3)) {
    problem.divisors = Array<float>({1, 1, 1, rotary_dim / 2});
    for (float& divisor : problem.divisors.values()) divisor = random.pick<float>({1, 1.5f, 8, 32});
  }
  return problem;
}

RopeProblem random_rope(int32_t kind, int64_t rows, int64_t heads, int64_t head_dim, int64_t rotary_dim,
                        uint64_t seed) {
  Random random(seed);
  return {.kind = kind,
          .table = random.gaussian_array({1, 1, rows, rotary_dim}),
          .input = random.gaussian_array({1, rows, heads, head_dim}, 3)};
}

RopeProblem some_rows(const RopeProblem& problem, int64_t first, int64_t count) {
  return {problem.kind, slice(problem.table, 2, first, count), slice(problem.input, 1, first, count)};
}

// Rows on the axis on which the other operations have them.
Array<float> rows_third(const Array<float>& heads) {
  const Shape& shape = heads.shape();
  Array<float> rows({1, 1, shape[1], shape[2] * shape[3]});
  rows.values() = heads.values();
  return rows;
}

}  // namespace

TEST_CASE("rope table: every number of pairs, every scaling, at both guard pages") {
  for (int64_t rotary_dim = 2; rotary_dim <= 80; rotary_dim += 2) {
    for (uint64_t seed = 0; seed < 8; seed++) check(random_table(3, rotary_dim, seed), {.layout_seed = seed});
  }
}

TEST_CASE("rope table: random problems, layouts, pools") {
  const int64_t count = case_count(500);
  for (int64_t i = 0; i < count; i++) {
    const uint64_t seed = base_seed() + static_cast<uint64_t>(i);
    Random random(seed);
    CAPTURE(seed);
    const auto workers = static_cast<int32_t>(random.chance(0.5) ? random.integer(1, 7) : 0);
    check(random_table(random.integer(1, 20), 2 * random.integer(1, 64), seed),
          {.layout_seed = seed, .execution = {.workers = workers, .seed = seed}});
  }
}

TEST_CASE("rope table: position 0 turns nothing, and the slowest pair of YaRN is divided") {
  for_each_tier([&](const std::string& tier) {
    CAPTURE(tier);
    const Array<float> table = call_rope_table({.rows = 2, .rotary_dim = 4});
    const float expected[] = {1, 1, 0, 0, 0.540302306f, 0.999950000f, 0.841470985f, 0.00999983333f};
    for (size_t i = 0; i < 8; i++) CHECK(std::abs(table.values()[i] - expected[i]) <= 6e-8f);
    const RopeTableProblem yarn{.rows = 1,
                                .rotary_dim = 64,
                                .scaling = QKV_ROPE_YARN,
                                .factor = 4,
                                .original_context = 4096,
                                .magnitude = 1,
                                .first_position = 4000};
    const RopeTableProblem linear{.rows = 1, .rotary_dim = 64, .first_position = 1000};
    CHECK(call_rope_table(yarn)(0, 63) == call_rope_table(linear)(0, 63));
  });
}

TEST_CASE("rope: every head dim, partly turned, at both guard pages, in place") {
  for (int32_t kind : {QKV_ROPE_HALVES, QKV_ROPE_INTERLEAVED}) {
    for (int64_t head_dim = 2; head_dim <= 70; head_dim++) {
      for (uint64_t seed = 0; seed < 4; seed++) {
        const int64_t rotary_dim = seed == 0 ? head_dim / 2 * 2 : 2 * Random(seed).integer(1, head_dim / 2);
        const RopeProblem problem = random_rope(kind, 3, 2, head_dim, rotary_dim, seed);
        check(problem, {.layout_seed = seed});
        check(problem, {.layout_seed = seed, .in_place = true});
      }
    }
  }
}

TEST_CASE("rope: no rows and no heads succeed") {
  check(random_rope(QKV_ROPE_HALVES, 0, 2, 8, 8, 1));
  check(random_rope(QKV_ROPE_HALVES, 2, 0, 8, 8, 1));
}

TEST_CASE("rope: turning by a table keeps the product of query and key at equal distance") {
  for_each_tier([&](const std::string& tier) {
    CAPTURE(tier);
    const Array<float> heads = Random(1).gaussian_array({1, 2, 1, 64});
    const auto product_at = [&](int64_t position) {
      const Array<float> table = call_rope_table({.rows = 2, .rotary_dim = 64, .positions = {position, position + 5}});
      const Array<float> turned = call_rope({.table = table, .input = heads});
      double product = 0;
      for (int64_t i = 0; i < 64; i++) {
        product += static_cast<double>(turned(0, 0, 0, i)) * static_cast<double>(turned(0, 1, 0, i));
      }
      return product;
    };
    CHECK(product_at(0) == doctest::Approx(product_at(30000)).epsilon(1e-5));
  });
}

TEST_CASE("rope: same row, same bits") {
  const int64_t count = case_count(100);
  for (int64_t i = 0; i < count; i++) {
    const uint64_t seed = base_seed() + static_cast<uint64_t>(i);
    const RopeTableProblem problem = random_table(13, 2 + 2 * (i % 40), seed);
    const auto part = [&](int64_t first, int64_t rows) {
      RopeTableProblem some = problem;
      some.rows = rows;
      some.first_position += first;
      if (!some.positions.empty()) {
        some.positions = {problem.positions.begin() + first, problem.positions.begin() + first + rows};
      }
      return call_rope_table(some);
    };
    check_row_determinism(
        13, seed, [&](const RowCall& call) { return call_rope_table(problem, call); }, part);
    const RopeProblem rope = random_rope(static_cast<int32_t>(i % 2), 13, 3, 40, 2 + 2 * (i % 20), seed);
    check_row_determinism(
        13, seed, [&](const RowCall& call) { return rows_third(call_rope(rope, call)); },
        [&](int64_t first, int64_t rows) { return rows_third(call_rope(some_rows(rope, first, rows))); });
  }
}

TEST_CASE("rope: workers that share a problem give the same bits") {
  const RopeTableProblem table = random_table(pooled_rows, pooled_columns, 3);
  check_pool_determinism([&](const RowCall& call) { return call_rope_table(table, call); });
  for (int32_t kind : {QKV_ROPE_HALVES, QKV_ROPE_INTERLEAVED}) {
    const RopeProblem problem = random_rope(kind, pooled_rows, 3, 80, 64, 1);
    check_pool_determinism([&](const RowCall& call) { return call_rope(problem, call); });
  }
}

}  // namespace qkv_test
