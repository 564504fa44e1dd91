// SPDX-License-Identifier: Apache-2.0
#include "limits/team.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <vector>

#ifdef QKV_BENCH_OPENMP
#include "qkv/openmp.h"
#endif

namespace qkv::bench {
namespace {

using Clock = std::chrono::steady_clock;

// A round in which each worker takes one task and waits there until all have come.
struct Round {
  const std::function<void(int)>& prepare;
  const std::function<void(int)>& work;
  int threads;
  std::vector<Clock::time_point> begin, end;
  std::atomic<int> arrived{0};
  std::atomic<bool> incomplete{false};
};

void wait_for_all(Round& round) {
  round.arrived.fetch_add(1);
  const auto deadline = Clock::now() + std::chrono::seconds(5);
  while (round.arrived.load() < round.threads && !round.incomplete) {
    if (Clock::now() > deadline) round.incomplete = true;
  }
}

void take_part(void* context, int64_t first_task, int64_t last_task, int32_t worker) {
  auto& round = *static_cast<Round*>(context);
  if (last_task - first_task != 1) round.incomplete = true;
  round.prepare(worker);
  wait_for_all(round);
  const auto place = static_cast<size_t>(worker);
  round.begin[place] = Clock::now();
  round.work(worker);
  round.end[place] = Clock::now();
}

// A pool without threads.
void run_here(void*, int64_t task_count, qkv_task_function function, void* task_context) {
  function(task_context, 0, task_count, 0);
}

qkv_pool pool_of(int threads) {
  if (threads == 1) return {1, nullptr, run_here};
#ifdef QKV_BENCH_OPENMP
  return qkv_openmp_pool(threads);
#else
  throw std::runtime_error(fmt::format("--threads {}: this build has no OpenMP", threads));
#endif
}

}  // namespace

Team::Team(int threads) : threads_(threads), pool_(pool_of(threads)) {
  seconds_together([](int) {}, [](int) {});
}

double Team::seconds_together(const std::function<void(int)>& prepare, const std::function<void(int)>& work) const {
  const auto count = static_cast<size_t>(threads_);
  Round round{prepare, work, threads_, std::vector<Clock::time_point>(count), std::vector<Clock::time_point>(count)};
  pool_.parallel_for(pool_.context, threads_, take_part, &round);
  if (round.incomplete) throw std::runtime_error(fmt::format("--threads {}: OpenMP starts fewer", threads_));
  return std::chrono::duration<double>(*std::ranges::max_element(round.end) - *std::ranges::min_element(round.begin))
      .count();
}

bool has_thread_pool() {
#ifdef QKV_BENCH_OPENMP
  return true;
#else
  return false;
#endif
}

}  // namespace qkv::bench
