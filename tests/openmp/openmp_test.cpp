// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <omp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <vector>

#include "attention/attend.hpp"
#include "attention/problems.hpp"
#include "qkv/openmp.h"
#include "support/bits.hpp"
#include "support/tiers.hpp"

namespace qkv_test {
namespace {

struct Tally {
  explicit Tally(int64_t tasks, int32_t workers)
      : runs(static_cast<size_t>(tasks)), busy(static_cast<size_t>(workers)) {}
  std::vector<std::atomic<int>> runs;  // per task
  std::vector<std::atomic<int>> busy;  // per worker
  std::atomic<int> faults{0};
};

void count_tasks(void* context, int64_t first, int64_t last, int32_t worker) {
  auto& tally = *static_cast<Tally*>(context);
  const bool lawful = worker >= 0 && worker < static_cast<int32_t>(tally.busy.size()) && first >= 0 && first <= last &&
                      last <= static_cast<int64_t>(tally.runs.size());
  if (!lawful || tally.busy[static_cast<size_t>(worker)]++ != 0) {
    tally.faults++;
    return;
  }
  for (int64_t task = first; task < last; task++) tally.runs[static_cast<size_t>(task)]++;
  usleep(100);  // long enough for two calls under one number to meet
  tally.busy[static_cast<size_t>(worker)]--;
}

void check_pool(const qkv_pool& pool, int64_t tasks) {
  CAPTURE(pool.worker_count);
  CAPTURE(tasks);
  Tally tally(tasks, pool.worker_count);
  pool.parallel_for(pool.context, tasks, count_tasks, &tally);
  CHECK(tally.faults == 0);
  CHECK(std::ranges::all_of(tally.runs, [](const std::atomic<int>& runs) { return runs == 1; }));
}

struct Settings {
  int max_threads, dynamic, levels, limit;
  omp_sched_t schedule;
  int chunk;
  bool operator==(const Settings&) const = default;
};

Settings openmp_settings() {
  Settings settings{omp_get_max_threads(),  omp_get_dynamic(), omp_get_max_active_levels(),
                    omp_get_thread_limit(), omp_sched_static,  0};
  omp_get_schedule(&settings.schedule, &settings.chunk);
  return settings;
}

AttentionProblem sample() {
  return gaussian_problem({.batch = 2,
                           .query_heads = 4,
                           .key_heads = 2,
                           .queries = 70,
                           .keys = 90,
                           .key_dim = 32,
                           .value_dim = 16,
                           .causal = true},
                          1);
}

uint64_t attend_with(const qkv_pool& pool) {
  const StagedAttention staged(sample(), {});
  qkv_plan plan;
  if (qkv_attention_plan(&staged.args(), &plan) != QKV_OK) return 0;
  const Workspace workspace(qkv_plan_describe(&plan, pool.worker_count).workspace_bytes);
  if (qkv_attention(&staged.args(), &pool, workspace.data(), workspace.size()) != QKV_OK) return 0;
  return bit_hash(staged.result());
}

// Runs `body` in a forked child that may take 20 seconds; true if it returned true.
template <typename Body>
bool succeeds_in_child(const Body& body) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    _exit(body() ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

TEST_CASE("openmp: every task runs once, under worker numbers that are unique at the same time") {
  for (int32_t workers = 1; workers <= 7; workers++) {
    const qkv_pool pool = qkv_openmp_pool(workers);
    CHECK(pool.worker_count == workers);
    for (int64_t tasks : {0, 1, 2, 3, 7, 64, 501}) check_pool(pool, tasks);
  }
}

TEST_CASE("openmp: 0 workers means all threads, and nonsense still makes a lawful pool") {
  CHECK(qkv_openmp_pool(0).worker_count == omp_get_max_threads());
  check_pool(qkv_openmp_pool(0), 20);
  const qkv_pool negative = qkv_openmp_pool(-3);
  CHECK(negative.worker_count >= 1);
  check_pool(negative, 20);
}

TEST_CASE("openmp: the pool really uses its threads") {
  struct Seen {
    std::atomic<int> inside{0}, most{0};
  } seen;
  const qkv_pool pool = qkv_openmp_pool(2);
  const auto meet = [](void* context, int64_t, int64_t, int32_t) {
    auto& here = *static_cast<Seen*>(context);
    const int inside = ++here.inside;
    if (inside > here.most) here.most = inside;
    usleep(50000);
    here.inside--;
  };
  pool.parallel_for(pool.context, 4, meet, &seen);
  CHECK(seen.most == 2);
}

TEST_CASE("openmp: attention has the same bits as without a pool") {
  for_each_tier([](const std::string& tier) {
    CAPTURE(tier);
    const uint64_t hash = bit_hash(attend(sample()));
    for (int32_t workers = 0; workers <= 7; workers++) CHECK(attend_with(qkv_openmp_pool(workers)) == hash);
  });
}

TEST_CASE("openmp: no setting of the process changes") {
  const Settings before = openmp_settings();
  for (int32_t workers : {0, 1, 5}) check_pool(qkv_openmp_pool(workers), 30);
  CHECK(openmp_settings() == before);
}

TEST_CASE("openmp: inside the caller's own parallel region the pool still covers every task") {
  std::atomic<int> faults{0};
#pragma omp parallel num_threads(2)
  {
    const qkv_pool pool = qkv_openmp_pool(2);
    Tally tally(25, 2);
    pool.parallel_for(pool.context, 25, count_tasks, &tally);
    const bool covered = std::ranges::all_of(tally.runs, [](const std::atomic<int>& runs) { return runs == 1; });
    if (!covered || tally.faults != 0) faults++;
  }
  CHECK(faults == 0);
}

TEST_CASE("openmp: after fork the child computes the same bits and does not hang") {
  const qkv_pool pool = qkv_openmp_pool(3);
  const uint64_t hash = attend_with(pool);  // the parent has a team of threads now
  CHECK(succeeds_in_child([&] { return attend_with(pool) == hash; }));
  CHECK(succeeds_in_child([&] { return attend_with(qkv_openmp_pool(3)) == hash; }));
  CHECK(succeeds_in_child([&] {  // a child's child as well
    return attend_with(pool) == hash && succeeds_in_child([&] { return attend_with(pool) == hash; });
  }));
  CHECK(attend_with(pool) == hash);
}

}  // namespace qkv_test
