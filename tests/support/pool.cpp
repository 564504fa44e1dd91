// SPDX-License-Identifier: Apache-2.0
#include "support/pool.hpp"

#include <thread>

namespace qkv_test {

std::vector<std::pair<int64_t, int64_t>> ShuffledPool::shuffled_ranges(int64_t task_count) {
  std::vector<std::pair<int64_t, int64_t>> ranges;
  for (int64_t first = 0; first < task_count;) {
    const int64_t last = std::min(task_count, first + random_.integer(1, 3));
    ranges.emplace_back(first, last);
    first = last;
  }
  random_.shuffle(ranges);
  return ranges;
}

void ShuffledPool::run_here(Work& work) {
  const FloatModeScope scope(mode_);
  for (const auto& [first, last] : work.ranges) {
    work.function(work.context, first, last, static_cast<int32_t>(random_.integer(0, workers_ - 1)));
  }
  if (!scope.kept()) modes_kept_ = false;
}

void ShuffledPool::run_worker(Work& work, int32_t worker) {
  const FloatModeScope scope(mode_);
  for (size_t i = work.next++; i < work.ranges.size(); i = work.next++) {
    work.function(work.context, work.ranges[i].first, work.ranges[i].second, worker);
  }
  if (!scope.kept()) modes_kept_ = false;
}

void ShuffledPool::parallel_for(void* self, int64_t task_count, qkv_task_function function, void* context) {
  auto& pool = *static_cast<ShuffledPool*>(self);
  // Our own arithmetic in the caller's unusual mode would trap; the library's calls get that mode back.
  const FloatModeScope standard(pool.mode_);  // exclusive-or twice
  Work work{function, context, pool.shuffled_ranges(task_count)};
  if (!pool.threads_) return pool.run_here(work);
  std::vector<std::thread> threads;
  for (int32_t worker = 0; worker < pool.workers_; worker++) {
    threads.emplace_back([&pool, &work, worker] { pool.run_worker(work, worker); });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace qkv_test
