// SPDX-License-Identifier: Apache-2.0
// What the marks (bits) of qkv/tuning.h promise: a choice without one changes no bit, a choice with one stays within
// the error of its blocks; and under any choice the same row has the same bits.
#include <doctest/doctest.h>

#include <algorithm>

#include "attention/attend.hpp"
#include "attention/problems.hpp"
#include "support/bits.hpp"
#include "support/tiers.hpp"

namespace qkv_test {
namespace {

using Choice = int64_t qkv_tuning::*;

qkv_tuning no_choice() {
  qkv_tuning tuning = {};
  tuning.size = sizeof tuning;
  return tuning;
}

qkv_tuning choose(Choice choice, int64_t value) {
  qkv_tuning tuning = no_choice();
  tuning.*choice = value;
  return tuning;
}

// Blocks and tasks that no default would be.
std::vector<qkv_tuning> odd_tunings() {
  qkv_tuning small = no_choice(), large = no_choice(), decode = no_choice(), prefill = no_choice();
  small.keys_per_block = 16;
  small.blocks_per_span = small.prefill_rows_per_task = 1;
  large.keys_per_block = 512;
  large.blocks_per_span = 65536;
  large.prefill_rows_per_task = 7;
  decode.keys_per_block = 48;
  decode.blocks_per_span = 2;
  decode.decode_query_rows = 64;
  prefill.decode_query_rows = 1;
  prefill.prefill_rows_per_task = 3;
  return {small, large, decode, prefill};
}

std::string text_of(const qkv_tuning& tuning) {
  return "keys_per_block " + std::to_string(tuning.keys_per_block) + " blocks_per_span " +
         std::to_string(tuning.blocks_per_span) + " prefill_rows_per_task " +
         std::to_string(tuning.prefill_rows_per_task) + " decode_query_rows " +
         std::to_string(tuning.decode_query_rows);
}

// Full, causal with grouped queries after a prefix, windows with a bias, one row, a few rows.
std::vector<AttentionProblem> sample_problems() {
  AttentionProblem full{.query_heads = 2, .key_heads = 2, .queries = 70, .keys = 300, .key_dim = 24, .value_dim = 40};
  AttentionProblem causal{.batch = 2, .query_heads = 6, .key_heads = 2, .queries = 45, .keys = 333};
  causal.causal = true;
  causal.key_dim = 40;
  causal.value_dim = 24;
  causal.first_query_position = {288, 100};
  causal.key_count = {333, 211};
  AttentionProblem window = causal;
  window.window_left = 77;
  AttentionProblem one{.query_heads = 4, .key_heads = 2, .queries = 1, .keys = 1200, .key_dim = 16, .value_dim = 20};
  AttentionProblem few = causal;
  few.queries = 5;
  std::vector<AttentionProblem> problems;
  for (const AttentionProblem& shape : {full, causal, window, one, few}) {
    problems.push_back(gaussian_problem(shape, problems.size() + 1));
  }
  problems[2].bias = Random(9).gaussian_array({1, 1, 1, problems[2].keys});
  return problems;
}

uint64_t tuned_hash(const AttentionProblem& problem, const qkv_tuning& tuning, const Execution& execution = {}) {
  return bit_hash(attend(problem, {.weights = true, .tuning = &tuning}, execution));
}

template <typename Check>
void check_samples(const Check& check) {
  for (const AttentionProblem& problem : sample_problems()) {
    for_each_tier([&](const std::string& tier) {
      INFO("on ", tier, ": ", describe(problem));
      check(problem);
    });
  }
}

// With the B of the tuning, where that is more than what the gate has anyway.
void check_gate(AttentionProblem problem, const qkv_tuning& tuning) {
  problem.block = std::max(problem.block, static_cast<double>(tuning.keys_per_block));
  const AttentionReference reference = attention_reference(problem);
  for_each_tier([&](const std::string& tier) {
    INFO("on ", tier, ": ", describe(problem), ", ", text_of(tuning));
    CHECK(first_failure(attend(problem, {.weights = true, .tuning = &tuning}), reference) == "");
  });
}

qkv_plan_facts facts_of(const AttentionProblem& problem, const qkv_tuning& tuning, qkv_plan& plan) {
  const StagedAttention staged(problem, {.tuning = &tuning});
  REQUIRE(qkv_attention_plan(&staged.args(), &plan) == QKV_OK);
  return qkv_plan_describe(&plan, 1);
}

}  // namespace

TEST_CASE("tuning: rows per task change no bit") {
  check_samples([](const AttentionProblem& problem) {
    const uint64_t hash = bit_hash(attend(problem, {.weights = true}));
    for (const int64_t rows : {1, 2, 5, 16, 17, 64, 100, 256}) {
      CAPTURE(rows);
      CHECK(tuned_hash(problem, choose(&qkv_tuning::prefill_rows_per_task, rows)) == hash);
    }
  });
}

TEST_CASE("tuning: choices of matmul change no bit of attention") {
  check_samples([](const AttentionProblem& problem) {
    qkv_tuning tuning = no_choice();
    tuning.matmul_rows_per_task = tuning.matmul_panels_per_task = tuning.matmul_least_tasks = 1;
    tuning.matmul_depth_block = 16;
    CHECK(tuned_hash(problem, tuning) == bit_hash(attend(problem, {.weights = true})));
  });
}

TEST_CASE("tuning: choices that are marked change bits, and stay within the error of their blocks") {
  const struct {
    Choice choice;
    std::vector<int64_t> values;
  } marked[] = {{&qkv_tuning::keys_per_block, {16, 32, 48, 80, 128, 256, 512}},
                {&qkv_tuning::blocks_per_span, {1, 2, 3, 65536}},
                {&qkv_tuning::decode_query_rows, {1, 4, 64}}};
  const std::vector<AttentionProblem> problems = sample_problems();
  for (const auto& [choice, values] : marked) {
    for (const int64_t value : values) {
      int changed = 0;
      for (const AttentionProblem& problem : problems) {
        const qkv_tuning tuning = choose(choice, value);
        check_gate(problem, tuning);
        changed += tuned_hash(problem, tuning) != bit_hash(attend(problem, {.weights = true})) ? 1 : 0;
      }
      CAPTURE(value);
      const bool as_default = choice == &qkv_tuning::blocks_per_span && value > 16;  // some keys are fewer than a span
      CHECK((changed > 0 || as_default));
    }
  }
}

TEST_CASE("tuning: odd choices together stay within the error of their blocks") {
  for (const qkv_tuning& tuning : odd_tunings()) {
    for (const AttentionProblem& problem : sample_problems()) check_gate(problem, tuning);
    const int64_t count = case_count(200);
    for (int64_t i = 0; i < count; i++) {
      const uint64_t seed = base_seed() + static_cast<uint64_t>(i);
      Random random(seed);
      CAPTURE(seed);
      check_gate(random_problem(random, {.decode = i % 2 == 0}), tuning);
    }
  }
}

TEST_CASE("tuning: under odd choices any number of workers, pool and order of tasks gives the same bits") {
  check_samples([](const AttentionProblem& problem) {
    for (const qkv_tuning& tuning : odd_tunings()) {
      INFO(text_of(tuning));
      const uint64_t hash = tuned_hash(problem, tuning);
      for (int32_t workers = 1; workers <= 5; workers += 2) {
        for (const bool threads : {false, true}) {
          CHECK(tuned_hash(problem, tuning, {.workers = workers, .threads = threads, .seed = base_seed()}) == hash);
        }
      }
    }
  });
}

TEST_CASE("tuning: rows per task make tasks, and the rows of a call choose the kernel") {
  const AttentionProblem problem = sample_problems().back();  // 2 batch entries, 2 key heads, groups of 3, 5 rows
  qkv_plan plan;
  const auto kernel = [&](const qkv_tuning& tuning) { return std::string(facts_of(problem, tuning, plan).kernel); };
  CHECK(kernel(choose(&qkv_tuning::decode_query_rows, 5)).starts_with("attention.decode."));
  qkv_tuning tuning = choose(&qkv_tuning::decode_query_rows, 4);
  CHECK(kernel(tuning).starts_with("attention.prefill."));
  tuning.prefill_rows_per_task = 4;
  CHECK(facts_of(problem, tuning, plan).task_count == 2 * 2 * 4);  // 15 rows of a group in fours
  tuning.prefill_rows_per_task = 1;
  CHECK(facts_of(problem, tuning, plan).task_count == 2 * 2 * 15);
}

}  // namespace qkv_test
