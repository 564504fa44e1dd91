// SPDX-License-Identifier: Apache-2.0
// Same row, same bits: whatever the repetition, the workers, the neighbours, the strides or the floating-point mode.
//
// The number of query rows decides the phase: up to 8 rows may take a decode kernel, which adds in another order than
// the prefill kernels. Between phases bits may differ; rows are compared within one phase only.
#include <doctest/doctest.h>

#include "attention/attend.hpp"
#include "attention/problems.hpp"
#include "support/bits.hpp"
#include "support/tiers.hpp"

namespace qkv_test {
namespace {

constexpr int64_t decode_rows = 8;

// In a brief run: one count of rows for decode, one for prefill.
std::vector<AttentionProblem> sample_problems() {
  const bool brief = brief_run();
  std::vector<AttentionProblem> problems;
  for (int64_t queries : brief ? std::vector<int64_t>{5, 40} : std::vector<int64_t>{1, 5, 20, 150}) {
    AttentionProblem shape{.batch = 2,
                           .query_heads = 6,
                           .key_heads = 2,
                           .queries = queries,
                           .keys = 300,
                           .key_dim = 40,
                           .value_dim = 24,
                           .causal = queries > 1};
    shape.first_query_position = {300 - queries, 100};
    shape.key_count = {300, 211};
    problems.push_back(gaussian_problem(shape, static_cast<uint64_t>(queries)));
  }
  if (!brief) problems.push_back(gaussian_problem({.queries = 1, .keys = 5000, .key_dim = 16, .value_dim = 16}, 5));
  return problems;
}

template <typename Check>
void check_samples(const Check& check) {
  for (const AttentionProblem& problem : sample_problems()) {
    for_each_tier([&](const std::string& tier) {
      INFO("on ", tier, ": ", describe(problem));
      check(problem, bit_hash(attend(problem, {.weights = true})));
    });
  }
}

// Rows [first, first + count) of one head of one batch entry, as a problem of its own.
AttentionProblem part_of(const AttentionProblem& whole, int64_t b, int64_t h, int64_t first, int64_t count) {
  AttentionProblem part = whole;
  part.batch = part.query_heads = part.key_heads = 1;
  part.queries = count;
  const auto one_row_set = [&](const auto& array) {
    return slice(slice(slice(array, 0, b, 1), 1, h, 1), 2, first, count);
  };
  part.query = one_row_set(whole.query);
  part.bias = one_row_set(whole.bias);
  part.mask = one_row_set(whole.mask);
  part.key = slice(slice(whole.key, 0, b, 1), 1, h / whole.group(), 1);
  part.value = slice(slice(whole.value, 0, b, 1), 1, h / whole.group(), 1);
  const auto entry = static_cast<size_t>(b);
  if (!whole.key_count.empty()) part.key_count = {whole.key_count[entry]};
  const int64_t position = whole.first_query_position.empty() ? 0 : whole.first_query_position[entry];
  part.first_query_position = {position + first};
  return part;
}

AttentionResult rows_of(const AttentionResult& whole, int64_t b, int64_t h, int64_t first, int64_t count) {
  const auto cut = [&](const Array<float>& array) {
    return slice(slice(slice(array, 0, b, 1), 1, h, 1), 2, first, count);
  };
  return {cut(whole.output), slice(slice(slice(whole.lse, 1, b, 1), 2, h, 1), 3, first, count), cut(whole.weights)};
}

// As many rows as stay in the phase, starting anywhere.
void check_some_part(const AttentionProblem& whole, const AttentionResult& result, Random& random) {
  const bool decode = whole.queries <= decode_rows;
  const int64_t least = decode ? 1 : decode_rows + 1;
  const int64_t count = random.integer(least, whole.queries), first = random.integer(0, whole.queries - count);
  const int64_t b = random.integer(0, whole.batch - 1), h = random.integer(0, whole.query_heads - 1);
  const AttentionProblem part = part_of(whole, b, h, first, count);
  const Staging staging{.layout_seed = static_cast<uint64_t>(random.integer(0, 1000)), .weights = true};
  INFO("rows ", first, " to ", first + count, " of head ", h, " of batch entry ", b, " alone");
  CHECK(bit_hash(attend(part, staging)) == bit_hash(rows_of(result, b, h, first, count)));
}

}  // namespace

TEST_CASE("determinism: the same call gives the same bits") {
  check_samples([](const AttentionProblem& problem, uint64_t hash) {
    for (int64_t i = 0; i < case_count(3); i++) CHECK(bit_hash(attend(problem, {.weights = true})) == hash);
  });
}

TEST_CASE("determinism: any number of workers, any pool, any order of task ranges") {
  check_samples([](const AttentionProblem& problem, uint64_t hash) {
    for (int32_t workers = 1; workers <= 1 + case_count(6); workers++) {
      for (bool threads : {false, true}) {
        CAPTURE(workers);
        const Execution execution{.workers = workers, .threads = threads, .seed = base_seed()};
        CHECK(bit_hash(attend(problem, {.weights = true}, execution)) == hash);
      }
    }
  });
}

TEST_CASE("determinism: single tasks from the last to the first, all by one worker") {
  check_samples([](const AttentionProblem& problem, uint64_t hash) {
    const StagedAttention staged(problem, {.weights = true});
    qkv_plan plan;
    REQUIRE(qkv_attention_plan(&staged.args(), &plan) == QKV_OK);
    const qkv_plan_facts facts = qkv_plan_describe(&plan, 3);
    const Workspace workspace(facts.workspace_bytes);
    for (int64_t task = facts.task_count; task-- > 0;) {
      REQUIRE(qkv_attention_run(&plan, &staged.args(), task, task + 1, 2, workspace.data()) == QKV_OK);
    }
    CHECK(bit_hash(staged.result()) == hash);
  });
}

TEST_CASE("determinism: other strides give the same bits") {
  check_samples([](const AttentionProblem& problem, uint64_t hash) {
    for (uint64_t layout_seed = 1; layout_seed <= static_cast<uint64_t>(case_count(12)); layout_seed++) {
      CAPTURE(layout_seed);
      CHECK(bit_hash(attend(problem, {.layout_seed = layout_seed, .weights = true})) == hash);
    }
  });
}

TEST_CASE("determinism: a row does not depend on its neighbours, in random problems") {
  const int64_t count = case_count(1000);
  for (int64_t i = 0; i < count; i++) {
    const uint64_t seed = base_seed() + static_cast<uint64_t>(i);
    Random random(seed);
    const AttentionProblem whole = random_problem(random, {.decode = i % 2 == 0});
    for_each_tier([&](const std::string& tier) {
      INFO("on ", tier, ", seed ", seed, ": ", describe(whole));
      const AttentionResult result = attend(whole, {.layout_seed = seed, .weights = true});
      for (int part = 0; part < 3; part++) check_some_part(whole, result, random);
    });
  }
}

TEST_CASE("determinism: the floating-point mode changes no bit and comes back, in every worker") {
  check_samples([](const AttentionProblem& problem, uint64_t hash) {
    for (const FloatMode& mode : unusual_float_modes()) {
      CAPTURE(std::string(mode.name));
      CHECK(bit_hash(attend(problem, {.weights = true}, {.mode = mode})) == hash);
      CHECK(bit_hash(attend(problem, {.weights = true}, {.workers = 3, .threads = true, .mode = mode})) == hash);
    }
  });
}

TEST_CASE("determinism: denormal operands are neither flushed nor lost in any floating-point mode") {
  AttentionProblem problem = gaussian_problem({.queries = 12, .keys = 9, .key_dim = 8, .value_dim = 8}, 1);
  for (float& value : problem.value.values()) value *= 1e-38f;
  for_each_tier([&](const std::string& tier) {
    CAPTURE(tier);
    const uint64_t hash = bit_hash(attend(problem));
    for (const FloatMode& mode : unusual_float_modes()) CHECK(bit_hash(attend(problem, {}, {.mode = mode})) == hash);
    CHECK(std::ranges::count(attend(problem).output.values(), 0.0f) == 0);
  });
}

}  // namespace qkv_test
