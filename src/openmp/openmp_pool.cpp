// SPDX-License-Identifier: Apache-2.0
#include <omp.h>
#include <pthread.h>

#include <atomic>
#include <cstdint>

#include "qkv/openmp.h"

namespace {

// libgomp's threads do not exist in a forked child, and its next parallel region there waits for them for ever.
constinit std::atomic<bool> forked{false};
void note_fork() {
  forked.store(true, std::memory_order_relaxed);
}
[[maybe_unused]] const int fork_handler = pthread_atfork(nullptr, nullptr, note_fork);

int32_t requested_workers(void* context) {
  return static_cast<int32_t>(reinterpret_cast<intptr_t>(context));
}

void parallel_for(void* context, int64_t task_count, qkv_task_function function, void* task_context) {
  const int32_t workers = requested_workers(context);
  if (workers == 1 || forked.load(std::memory_order_relaxed)) return function(task_context, 0, task_count, 0);
#pragma omp parallel for schedule(dynamic, 1) num_threads(workers)
  for (int64_t task = 0; task < task_count; task++) function(task_context, task, task + 1, omp_get_thread_num());
}

}  // namespace

qkv_pool qkv_openmp_pool(int32_t workers) {
  const int32_t count = workers > 0 ? workers : omp_get_max_threads();
  return {count, reinterpret_cast<void*>(static_cast<intptr_t>(count)), parallel_for};
}
