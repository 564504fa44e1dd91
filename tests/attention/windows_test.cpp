// SPDX-License-Identifier: Apache-2.0
// window_left and window_right: tables by hand, edges of the number line, and no influence from outside.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "attention/attend.hpp"
#include "attention/problems.hpp"
#include "support/bits.hpp"
#include "support/tiers.hpp"

namespace qkv_test {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr int64_t least = INT64_MIN, most = INT64_MAX;

// 5 query rows and 8 keys; x: the row sees the key.
struct Table {
  const char* name;
  int64_t window_left, window_right, position;
  bool causal;
  std::array<const char*, 5> seen;
  int64_t key_count = 8;
};

constexpr std::array<const char*, 5> everything{"xxxxxxxx", "xxxxxxxx", "xxxxxxxx", "xxxxxxxx", "xxxxxxxx"};
constexpr std::array<const char*, 5> nothing{"........", "........", "........", "........", "........"};

const Table tables[] = {
    {"left 3, causal", 3, 0, 0, true, {"x.......", "xx......", "xxx.....", ".xxx....", "..xxx..."}},
    {"left 1, causal", 1, 0, 0, true, {"x.......", ".x......", "..x.....", "...x....", "....x..."}},
    {"left 3", 3, 0, 0, false, {"xxxxxxxx", "xxxxxxxx", "xxxxxxxx", ".xxxxxxx", "..xxxxxx"}},
    {"right 2", 0, 2, 0, false, {"xx......", "xxx.....", "xxxx....", "xxxxx...", "xxxxxx.."}},
    {"right 1 is causal", 0, 1, 0, false, {"x.......", "xx......", "xxx.....", "xxxx....", "xxxxx..."}},
    {"right 3, causal", 0, 3, 0, true, {"x.......", "xx......", "xxx.....", "xxxx....", "xxxxx..."}},
    {"left 3, right 2", 3, 2, 0, false, {"xx......", "xxx.....", "xxxx....", ".xxxx...", "..xxxx.."}},
    {"left 1, right 1", 1, 1, 0, false, {"x.......", ".x......", "..x.....", "...x....", "....x..."}},
    {"left 2, right 4, at 3", 2, 4, 3, false, {"..xxxxx.", "...xxxxx", "....xxxx", ".....xxx", "......xx"}},
    {"left 3, causal, past the keys", 3, 0, 6, true, {"....xxx.", ".....xxx", "......xx", ".......x", "........"}},
    {"left 2, right 2, before the keys", 2, 2, -3, false, {"........", "........", "x.......", "xx......", "xxx....."}},
    {"left 2, causal, before the keys", 2, 0, -2, true, {"........", "........", "x.......", "xx......", ".xx....."}},
    {"left 4, causal, 3 keys in use", 4, 0, 1, true, {"xx......", "xxx.....", "xxx.....", ".xx.....", "..x....."}, 3},
    {"left 2, right 2, no key in use", 2, 2, 0, false, nothing, 0},
    {"left 3 at the greatest position", 3, 0, most, false, nothing},
    {"left 3, causal, at the greatest position", 3, 0, most, true, nothing},
    {"right 3 at the greatest position", 0, 3, most, false, everything},
    {"greatest right at the greatest position", 0, most, most, false, everything},
    {"greatest left at the greatest position",
     most,
     0,
     most,
     false,
     {".xxxxxxx", "..xxxxxx", "...xxxxx", "....xxxx", ".....xxx"}},
    {"left 3 at the least position", 3, 0, least, false, everything},
    {"greatest left at the least position", most, 0, least, false, everything},
    {"right 3 at the least position", 0, 3, least, false, nothing},
    {"greatest right at the least position",
     0,
     most,
     least,
     false,
     {"........", "........", "x.......", "xx......", "xxx....."}},
    {"greatest right at -greatest",
     0,
     most,
     -most,
     false,
     {"........", "x.......", "xx......", "xxx.....", "xxxx...."}},
    {"left 3, right 3, far before the keys", 3, 3, -1000, false, nothing},
    {"left 3, right 3, far past the keys", 3, 3, 1000, false, nothing},
    {"greatest windows", most, most, 2, false, everything},
    {"greatest left, causal", most, 0, 2, true, {"xxx.....", "xxxx....", "xxxxx...", "xxxxxx..", "xxxxxxx."}},
};

// Equal logits, and values that tell the key: the output is the weights.
AttentionProblem problem_of(const Table& table) {
  AttentionProblem problem{.queries = 5, .keys = 8, .key_dim = 3, .value_dim = 8};
  problem.causal = table.causal;
  problem.window_left = table.window_left;
  problem.window_right = table.window_right;
  problem.first_query_position = {table.position};
  problem.key_count = {table.key_count};
  problem.query = Array<float>(problem.query_shape());
  problem.key = Array<float>(problem.key_shape(), 1);
  problem.value = Array<float>(problem.value_shape());
  for (int64_t j = 0; j < problem.keys; j++) problem.value(j, j) = 1;
  return problem;
}

void check_row(const std::string& seen, int64_t row, const AttentionResult& result) {
  const auto count = static_cast<float>(std::ranges::count(seen, 'x'));
  CAPTURE(row);
  for (int64_t j = 0; j < 8; j++) {
    const float weight = seen[static_cast<size_t>(j)] == 'x' ? 1 / count : 0;
    CHECK(result.output(row, j) == weight);
    CHECK(result.weights(row, j) == weight);
  }
  const float lse = result.lse(0, 0, 0, row);
  CHECK((count == 0 ? lse == -infinity : std::abs(lse - std::log(count)) < 1e-6f));
}

// The decode kernel, and with this tuning the prefill kernel.
qkv_tuning only_prefill() {
  qkv_tuning tuning = {};
  tuning.size = sizeof tuning;
  tuning.decode_query_rows = 1;
  return tuning;
}

template <typename Check>
void for_each_kernel(const Check& check) {
  const qkv_tuning prefill = only_prefill();
  for_each_tier([&](const std::string& tier) {
    for (const qkv_tuning* tuning : {static_cast<const qkv_tuning*>(nullptr), &prefill}) {
      INFO("on ", tier, tuning == nullptr ? "" : ", prefill");
      check(Staging{.weights = true, .tuning = tuning});
    }
  });
}

// A few rows and many, groups, several blocks and spans of keys; windows of each kind.
// In a short run one of each phase.
std::vector<AttentionProblem> samples() {
  const bool brief = brief_run();
  struct Window {
    int64_t left, right;
    bool causal;
  };
  const Window windows[] = {{70, 0, true}, {33, 20, false}, {0, 5, false}, {1, 1, false}};
  std::vector<AttentionProblem> problems;
  for (const int64_t queries : {3, brief ? 20 : 90}) {
    for (const Window& window : windows) {
      AttentionProblem shape{
          .batch = 2, .query_heads = 4, .key_heads = 2, .queries = queries, .keys = 1300, .key_dim = 20};
      shape.value_dim = 13;
      shape.window_left = window.left;
      shape.window_right = window.right;
      shape.causal = window.causal;
      shape.first_query_position = {1100, 63};
      shape.key_count = {1290, 100};
      problems.push_back(gaussian_problem(shape, problems.size() + 1));
      if (brief) break;
    }
  }
  return problems;
}

}  // namespace

TEST_CASE("windows: tables by hand") {
  for (const Table& table : tables) {
    AttentionProblem problem = problem_of(table);
    CAPTURE(std::string(table.name));
    for (int64_t row = 0; row < 5; row++) {
      for (int64_t j = 0; j < 8; j++) {
        REQUIRE(visible(problem, 0, 0, row, j) == (table.seen[static_cast<size_t>(row)][j] == 'x'));
      }
    }
    poison_invisible(problem);
    for_each_kernel([&](const Staging& staging) {
      const AttentionResult result = attend(problem, staging);
      for (int64_t row = 0; row < 5; row++) check_row(table.seen[static_cast<size_t>(row)], row, result);
    });
  }
}

TEST_CASE("windows: many blocks of keys, against the reference") {
  for (AttentionProblem problem : samples()) {
    poison_invisible(problem);
    check_on_every_tier(problem);
    problem.bias = Random(1).gaussian_array({1, 1, 1, problem.keys});
    check_on_every_tier(problem);
  }
}

TEST_CASE("windows: what no row sees never changes one bit") {
  for (const AttentionProblem& problem : samples()) {
    AttentionProblem poisoned = problem;
    poison_invisible(poisoned);
    for_each_kernel([&](const Staging& staging) {
      INFO(describe(problem));
      const AttentionResult clean = attend(problem, staging);
      CHECK(std::ranges::all_of(clean.output.values(), [](float value) { return std::isfinite(value); }));
      CHECK(bit_hash(attend(poisoned, staging)) == bit_hash(clean));
    });
  }
}

TEST_CASE("windows: NaN and infinity in a key or value spoil the rows that see it and no bit of the others") {
  for (const AttentionProblem& problem : samples()) {
    const int64_t j = 1101;
    for (const float poison : {nan, infinity, -infinity}) {
      AttentionProblem spoiled = problem;
      for (int64_t c = 0; c < problem.key_dim; c++) spoiled.key(0, 1, j, c) = nan;
      for (int64_t c = 0; c < problem.value_dim; c++) spoiled.value(0, 1, j, c) = poison;
      for_each_kernel([&](const Staging& staging) {
        INFO(describe(problem));
        const AttentionResult before = attend(problem, staging), after = attend(spoiled, staging);
        int64_t wrong = 0;
        for_each_index(problem.output_shape(), [&](int64_t b, int64_t h, int64_t row, int64_t c) {
          const bool concerned = b == 0 && h / problem.group() == 1 && visible(problem, b, h, row, j);
          const float was = before.output(b, h, row, c), is = after.output(b, h, row, c);
          wrong += concerned ? !std::isnan(is) : std::memcmp(&was, &is, sizeof was) != 0;
        });
        CHECK(wrong == 0);
      });
    }
  }
}

TEST_CASE("windows: one that holds all keys equals none, bit for bit") {
  for (AttentionProblem problem : samples()) {
    problem.window_left = problem.window_right = 0;
    for_each_kernel([&](const Staging& staging) {
      const uint64_t hash = bit_hash(attend(problem, staging));
      AttentionProblem wide = problem;
      for (const int64_t left : {int64_t{1100} + problem.queries, most}) {
        for (const int64_t right : {problem.keys, most}) {
          wide.window_left = left;
          wide.window_right = right;
          INFO(describe(wide));
          CHECK(bit_hash(attend(wide, staging)) == hash);
        }
      }
      wide.window_left = 1099 + problem.queries;  // the last row of the first batch entry loses key 0
      CHECK(bit_hash(attend(wide, staging)) != hash);
    });
  }
}

TEST_CASE("windows: rows that see nothing stand beside rows that see something") {
  for (AttentionProblem problem : samples()) {
    problem.causal = false;
    problem.window_left = problem.window_right = 2;
    problem.first_query_position = {-2, 1298};  // before the first key, and past the last in use
    poison_invisible(problem);
    check_on_every_tier(problem);
    for_each_kernel([&](const Staging& staging) {
      const AttentionResult result = attend(problem, staging);
      for (int64_t h = 0; h < problem.query_heads; h++) {
        CHECK(result.lse(0, 0, h, 0) == -infinity);
        CHECK(result.lse(0, 0, h, 1) > -infinity);
        CHECK(result.lse(0, 1, h, 0) == -infinity);
        for (int64_t c = 0; c < problem.value_dim; c++) CHECK(result.output(0, h, 0, c) == 0);
      }
    });
  }
}

}  // namespace qkv_test
