// SPDX-License-Identifier: Apache-2.0
// NaN and infinity in visible operands show exactly where they must; every other element keeps its bits.
#include <doctest/doctest.h>

#include <limits>
#include <vector>

#include "attention/attend.hpp"
#include "attention/problems.hpp"
#include "support/random.hpp"
#include "support/tiers.hpp"

namespace qkv_test {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

std::vector<AttentionProblem> phases() {
  std::vector<AttentionProblem> problems;
  for (int64_t queries : {2, 8, 9, 33, 70}) {
    AttentionProblem shape{.batch = 2,
                           .query_heads = 4,
                           .key_heads = 2,
                           .queries = queries,
                           .keys = 75,
                           .key_dim = 24,
                           .value_dim = 19,
                           .causal = queries != 8};
    shape.first_query_position = {-1, 10};
    problems.push_back(gaussian_problem(shape, static_cast<uint64_t>(queries)));
  }
  return problems;
}

// Elements whose expected value is finite must have the bits they had before.
std::string first_change(const char* name, const Array<float>& before, const Array<float>& after,
                         const Array<double>& expected) {
  for (size_t i = 0; i < before.values().size(); i++) {
    const float was = before.values()[i], is = after.values()[i];
    if (std::isfinite(expected.values()[i]) && std::memcmp(&was, &is, sizeof was) != 0) {
      return std::string(name) + " element " + std::to_string(i) + " was " + std::to_string(was) + " and became " +
             std::to_string(is);
    }
  }
  return "";
}

// The spoiled problem has non-finite results where the reference has them, and nothing else changed.
void check_spoiled(const AttentionProblem& clean, const AttentionProblem& spoiled) {
  const AttentionReference reference = attention_reference(spoiled);
  for_each_tier([&](const std::string& tier) {
    INFO("on ", tier, ": ", describe(spoiled));
    const AttentionResult before = attend(clean, {.weights = true}), after = attend(spoiled, {.weights = true});
    CHECK(first_failure(after, reference) == "");
    CHECK(first_change("output", before.output, after.output, reference.output.value) == "");
    CHECK(first_change("lse", before.lse, after.lse, reference.lse.value) == "");
    CHECK(first_change("weights", before.weights, after.weights, reference.weights.value) == "");
  });
}

}  // namespace

TEST_CASE("non-finite: NaN or infinity in a query spoils its row") {
  for (const AttentionProblem& clean : phases()) {
    for (float poison : {nan, infinity, -infinity}) {
      AttentionProblem spoiled = clean;
      spoiled.query(1, 2, clean.queries - 1, 0) = poison;
      spoiled.query(1, 1, 0, clean.key_dim - 1) = poison;
      spoiled.query(0, 0, 0, 3) = poison;  // causal: a row that sees nothing stays zeros
      check_spoiled(clean, spoiled);
    }
  }
}

TEST_CASE("non-finite: NaN in a key spoils the rows that see it") {
  for (const AttentionProblem& clean : phases()) {
    for (int64_t j : {0, 10, 17, 64, 74}) {
      AttentionProblem spoiled = clean;
      spoiled.key(1, 1, j, 5) = nan;
      CAPTURE(j);
      check_spoiled(clean, spoiled);
    }
  }
}

TEST_CASE("non-finite: NaN or infinity in a value spoils its column in the rows that see it") {
  for (const AttentionProblem& clean : phases()) {
    for (float poison : {nan, infinity, -infinity}) {
      for (int64_t j : brief_run() ? std::vector<int64_t>{10, 74} : std::vector<int64_t>{0, 10, 17, 64, 74}) {
        AttentionProblem spoiled = clean;
        spoiled.value(1, 0, j, j % clean.value_dim) = poison;
        CAPTURE(j);
        check_spoiled(clean, spoiled);
      }
    }
  }
}

TEST_CASE("non-finite: NaN or +inf in a bias at a visible key spoils the row") {
  for (AttentionProblem clean : phases()) {
    clean.bias = Array<float>(clean.weights_shape(), 0.5f);
    for (float poison : {nan, infinity}) {
      AttentionProblem spoiled = clean;
      spoiled.bias(1, 3, clean.queries - 1, 1) = poison;
      spoiled.bias(0, 1, 0, 74) = poison;  // causal: invisible
      check_spoiled(clean, spoiled);
    }
  }
}

TEST_CASE("non-finite: hidden keys keep weight 0 in a row that is NaN") {
  for (AttentionProblem clean : phases()) {
    clean.mask = Array<uint8_t>({1, 1, 1, clean.keys}, 1);
    for (int64_t j = 0; j < clean.keys; j += 3) clean.mask(0, j) = 0;
    AttentionProblem spoiled = clean;
    spoiled.query(1, 2, clean.queries - 1, 0) = nan;
    check_spoiled(clean, spoiled);
  }
}

TEST_CASE("non-finite: a visible key with a logit of -inf has weight 0 and hides nothing of its value") {
  for (AttentionProblem clean : phases()) {
    for (float& q : clean.query.values()) q = 0.5f + std::abs(q);
    for (int64_t j : {0, 12, 18, 64}) clean.key(1, 0, j, 2) = -infinity;
    AttentionProblem spoiled = clean;
    spoiled.value(1, 0, 12, 3) = nan;
    spoiled.value(1, 0, 18, 4) = infinity;
    check_spoiled(clean, spoiled);
  }
}

// Every way to hide a key, and to ask for it without hiding any.
std::vector<AttentionProblem> with_each_mask(const AttentionProblem& problem) {
  std::vector<AttentionProblem> all(6, problem);  // the last: nothing hidden
  all[0].causal = true;
  all[1].window_left = 2;
  all[2].bias = Array<float>(problem.weights_shape(), 0.0f);
  all[3].mask = Array<uint8_t>({1, 1, 1, problem.keys}, 1);
  all[4].mask = all[3].mask;
  for (int64_t j = 0; j < problem.keys; j += 4) all[4].mask(0, j) = 0;
  return all;
}

TEST_CASE("non-finite: logits of -inf, some or all, beside keys that other rules hide") {
  for (int64_t queries : {1, 2, 8, 12, 70}) {
    for (int64_t keys : {3, 20, 70}) {
      for (int64_t infinite : {keys, keys / 2}) {
        AttentionProblem problem =
            gaussian_problem({.queries = queries, .keys = keys, .key_dim = 5, .value_dim = 3}, 7);
        problem.first_query_position = {keys - queries};
        for (float& q : problem.query.values()) q = 0.5f + std::abs(q);
        for (int64_t j = 0; j < infinite; j++) problem.key(0, 0, j, 2) = -infinity;
        for (const AttentionProblem& masked : with_each_mask(problem)) check_on_every_tier(masked, {.weights = true});
      }
    }
  }
}

TEST_CASE("non-finite: a NaN value at a visible key of -inf or of hardly any weight shows beside rows that hide keys") {
  for (int64_t queries : {2, 12, 40}) {
    for (float logit : {-infinity, -2e38f}) {
      AttentionProblem problem = gaussian_problem({.queries = queries, .keys = 45, .key_dim = 1, .value_dim = 3}, 3);
      problem.scale = 1;
      problem.first_query_position = {45 - queries};
      for (float& q : problem.query.values()) q = 1;
      problem.key(0, 0, 1, 0) = 2e38f;
      problem.key(0, 0, 2, 0) = logit;
      problem.value(0, 0, 2, 1) = nan;
      for (const AttentionProblem& masked : with_each_mask(problem)) check_on_every_tier(masked);
    }
  }
}

TEST_CASE("non-finite: a logit of +inf makes its row NaN") {
  for (AttentionProblem clean : phases()) {
    for (float& q : clean.query.values()) q = 0.5f + std::abs(q);
    AttentionProblem spoiled = clean;
    spoiled.key(1, 0, 12, 2) = infinity;
    check_spoiled(clean, spoiled);
  }
}

}  // namespace qkv_test
