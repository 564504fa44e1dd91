// SPDX-License-Identifier: Apache-2.0
// Few heads on many workers: these share a head's keys, and no bit changes.
#include <doctest/doctest.h>

#include <vector>

#include "attention/attend.hpp"
#include "attention/problems.hpp"
#include "support/bits.hpp"
#include "support/tiers.hpp"

namespace qkv_test {
namespace {

// Runs everything here, and remembers how many tasks there were each time.
struct CountingPool {
  std::vector<int64_t> counts;

  qkv_pool handle(int32_t workers) { return {workers, this, &parallel_for}; }
  static void parallel_for(void* self, int64_t task_count, qkv_task_function function, void* context) {
    auto& pool = *static_cast<CountingPool*>(self);
    pool.counts.push_back(task_count);
    for (int64_t task = task_count; task-- > 0;) function(context, task, task + 1, 1);
  }
};

AttentionProblem few_heads(int64_t heads, int64_t group, int64_t queries) {
  AttentionProblem shape{.query_heads = heads * group,
                         .key_heads = heads,
                         .queries = queries,
                         .keys = 3500,
                         .key_dim = 24,
                         .value_dim = 20,
                         .causal = true};
  shape.first_query_position = {3500 - queries};
  return gaussian_problem(shape, static_cast<uint64_t>(heads * 100 + group * 10 + queries));
}

struct Run {
  StagedAttention staged;
  qkv_plan plan;

  explicit Run(const AttentionProblem& problem) : staged(problem, {.weights = true}) {
    REQUIRE(qkv_attention_plan(&staged.args(), &plan) == QKV_OK);
  }
  size_t bytes(int32_t workers) const { return qkv_plan_describe(&plan, workers).workspace_bytes; }
  qkv_status operator()(CountingPool& pool, int32_t workers, size_t bytes_short = 0) const {
    const Workspace workspace(bytes(workers) - bytes_short);
    const qkv_pool handle = pool.handle(workers);
    return qkv_attention_run_all(&plan, &staged.args(), &handle, workspace.data(), workspace.size());
  }
};

}  // namespace

TEST_CASE("parts: workers share the keys of few heads, and every bit is as with one worker") {
  for (int64_t heads : {1, 2, 3}) {
    for (int64_t group : {1, 4, 9}) {
      for (int64_t queries : {1, 3}) {
        const AttentionProblem problem = few_heads(heads, group, queries);
        const AttentionReference reference = attention_reference(problem);
        for_each_tier([&](const std::string& tier) {
          INFO("on ", tier, ": ", describe(problem));
          const AttentionResult alone = attend(problem, {.weights = true});
          CHECK(first_failure(alone, reference) == "");
          for (int32_t workers : {2, 3, 7}) {
            CAPTURE(workers);
            const Execution execution{.workers = workers, .threads = workers == 3, .seed = base_seed()};
            CHECK(bit_hash(attend(problem, {.weights = true}, execution)) == bit_hash(alone));
          }
        });
      }
    }
  }
}

TEST_CASE("parts: ragged batches and windows") {
  for (int64_t window : {0, 700, 2000}) {
    AttentionProblem problem = few_heads(1, 3, 2);
    problem.batch = 3;
    problem.window_left = window;
    problem.key_count = {3500, 0, 1030};
    problem.first_query_position = {3498, 0, 1028};
    problem = gaussian_problem(problem, 7);
    poison_invisible(problem);
    for_each_tier([&](const std::string& tier) {
      INFO("on ", tier, ", window ", window);
      const AttentionResult alone = attend(problem, {.weights = true});
      CHECK(first_failure(alone, attention_reference(problem)) == "");
      for (int32_t workers : {2, 5}) {
        CHECK(bit_hash(attend(problem, {.weights = true}, {.workers = workers, .seed = 3})) == bit_hash(alone));
      }
      CountingPool pool;
      const Run run(problem);
      REQUIRE(run(pool, 2) == QKV_OK);
      CHECK(pool.counts == std::vector<int64_t>{3 * 4, 3});  // of 1024 keys each
      CHECK(bit_hash(run.staged.result()) == bit_hash(alone));
    });
  }
}

TEST_CASE("parts: the keys of a head are shared where tasks do not fill the workers") {
  const auto counts = [](int64_t heads, int32_t workers, int64_t window = 0) {
    CountingPool pool;
    AttentionProblem problem = few_heads(heads, 2, 1);
    problem.window_left = window;
    const Run run(problem);
    REQUIRE(run(pool, workers) == QKV_OK);
    return pool.counts;
  };
  CHECK(counts(1, 1) == std::vector<int64_t>{});  // one task, one worker: no pool
  CHECK(counts(1, 2) == std::vector<int64_t>{4, 1});
  CHECK(counts(3, 2) == std::vector<int64_t>{12, 3});
  CHECK(counts(2, 2) == std::vector<int64_t>{2});
  CHECK(counts(9, 2) == std::vector<int64_t>{9});
  CHECK(counts(9, 4) == std::vector<int64_t>{36, 9});
  CHECK(counts(1, 2, 700) == std::vector<int64_t>{2, 1});  // from key 2800 on
}

TEST_CASE("parts: workspace that is short by a byte, and pools that cannot be, are refused") {
  CountingPool pool;
  const Run run(few_heads(1, 2, 1));
  for (int32_t workers : {1, 2, 5}) CHECK(run(pool, workers, 1) == QKV_WORKSPACE_TOO_SMALL);
  const Workspace workspace(run.bytes(2));
  qkv_pool none = pool.handle(0);
  CHECK(qkv_attention_run_all(&run.plan, &run.staged.args(), &none, workspace.data(), workspace.size()) ==
        QKV_INVALID_ARGUMENT);
  CHECK(qkv_attention_run_all(nullptr, &run.staged.args(), nullptr, workspace.data(), workspace.size()) ==
        QKV_INVALID_ARGUMENT);
  CHECK(qkv_attention_run_all(&run.plan, nullptr, nullptr, workspace.data(), workspace.size()) == QKV_INVALID_ARGUMENT);
  CHECK(pool.counts.empty());
}

TEST_CASE("parts: a pool that asks for parts that are not there is told so") {
  struct Greedy {
    static void parallel_for(void*, int64_t task_count, qkv_task_function function, void* context) {
      function(context, 0, task_count + 1, 0);
    }
  };
  const Run run(few_heads(1, 2, 1));
  const Workspace workspace(run.bytes(2));
  const qkv_pool pool{2, nullptr, &Greedy::parallel_for};
  CHECK(qkv_attention_run_all(&run.plan, &run.staged.args(), &pool, workspace.data(), workspace.size()) ==
        QKV_INVALID_ARGUMENT);
}

}  // namespace qkv_test
