// SPDX-License-Identifier: Apache-2.0
// Embedding lookup and learned positions: exact copies or single additions, compared bit for bit.
#include <doctest/doctest.h>

#include "rows/determinism.hpp"

namespace qkv_test {
namespace {

struct Lookup {
  Array<float> table, addend;
  std::vector<int64_t> ids;
};

Lookup random_lookup(int64_t entries, int64_t columns, int64_t rows, bool accumulate, uint64_t seed) {
  Random random(seed);
  Lookup lookup{random.gaussian_array({1, 1, entries, columns}), {}, {}};
  if (accumulate) lookup.addend = random.gaussian_array({1, 1, rows, columns});
  for (int64_t row = 0; row < rows; row++) lookup.ids.push_back(random.integer(0, entries - 1));
  if (rows > 1) lookup.ids[0] = 0;
  if (rows > 1) lookup.ids[1] = entries - 1;
  return lookup;
}

PositionProblem as_position(const Lookup& lookup) {
  PositionProblem problem{.rows = static_cast<int64_t>(lookup.ids.size()), .columns = lookup.table.shape()[3]};
  problem.kind = QKV_POSITION_LEARNED;
  problem.table = lookup.table;
  problem.positions = lookup.ids;
  problem.addend = lookup.addend;
  return problem;
}

void check(const Lookup& lookup, const RowCall& call = {}) {
  const uint64_t expected = bit_hash(lookup_reference(lookup.table, lookup.ids, lookup.addend));
  for_each_tier([&](const std::string& tier) {
    INFO("on ", tier, ": ", lookup.ids.size(), " rows of ", lookup.table.shape()[3], " columns");
    CHECK(bit_hash(call_embedding(lookup.table, lookup.ids, lookup.addend, call)) == expected);
    CHECK(bit_hash(call_position(as_position(lookup), call)) == expected);
  });
}

}  // namespace

TEST_CASE("embedding: every tail of the columns, at both guard pages") {
  for (int64_t columns = 1; columns <= 40; columns++) {
    for (uint64_t seed = 0; seed < 8; seed++) {
      check(random_lookup(7, columns, 5, seed % 2 == 1, seed), {.layout_seed = seed / 2});
    }
  }
}

TEST_CASE("embedding: random shapes, layouts, pools") {
  const int64_t count = case_count(1000);
  for (int64_t i = 0; i < count; i++) {
    const uint64_t seed = base_seed() + static_cast<uint64_t>(i);
    Random random(seed);
    CAPTURE(seed);
    const auto workers = static_cast<int32_t>(random.chance(0.5) ? random.integer(1, 7) : 0);
    check(random_lookup(random.integer(1, 50), random.integer(1, 200), random.integer(1, 40), random.chance(0.5), seed),
          {.layout_seed = seed, .execution = {.workers = workers, .seed = seed}});
  }
}

TEST_CASE("embedding: learned positions count up from first_position when none are given") {
  Lookup lookup = random_lookup(30, 21, 12, false, 1);
  for (int64_t row = 0; row < 12; row++) lookup.ids[static_cast<size_t>(row)] = 18 + row;
  PositionProblem problem = as_position(lookup);
  problem.positions.clear();
  problem.first_position = 18;
  for_each_tier([&](const std::string& tier) {
    CAPTURE(tier);
    CHECK(bit_hash(call_position(problem)) == bit_hash(lookup_reference(lookup.table, lookup.ids, {})));
  });
}

TEST_CASE("embedding: no rows and no columns succeed") {
  check(random_lookup(3, 5, 0, false, 1));
  check(random_lookup(3, 0, 4, false, 1));
}

TEST_CASE("embedding: same row, same bits") {
  const int64_t count = case_count(100);
  for (int64_t i = 0; i < count; i++) {
    const uint64_t seed = base_seed() + static_cast<uint64_t>(i);
    const Lookup lookup = random_lookup(20, 1 + i % 70, 25, i % 2 == 0, seed);
    const auto whole = [&](const RowCall& call) {
      return call_embedding(lookup.table, lookup.ids, lookup.addend, call);
    };
    const auto part = [&](int64_t first, int64_t rows) {
      const std::vector<int64_t> ids(lookup.ids.begin() + first, lookup.ids.begin() + first + rows);
      return call_embedding(lookup.table, ids, slice(lookup.addend, 2, first, rows));
    };
    check_row_determinism(25, seed, whole, part);
  }
}

TEST_CASE("embedding: workers that share a problem give the same bits") {
  const Lookup lookup = random_lookup(50, pooled_columns, pooled_rows, true, 1);
  check_pool_determinism(
      [&](const RowCall& call) { return call_embedding(lookup.table, lookup.ids, lookup.addend, call); });
  check_pool_determinism([&](const RowCall& call) { return call_position(as_position(lookup), call); });
}

}  // namespace qkv_test
