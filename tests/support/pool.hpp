// SPDX-License-Identifier: Apache-2.0
// A hostile but lawful qkv_pool: cuts the tasks into ranges at random and runs them in random order, on this thread
// under changing worker numbers or on real threads.
#pragma once

#include <atomic>
#include <utility>
#include <vector>

#include "qkv/pool.h"
#include "support/float_mode.hpp"
#include "support/random.hpp"

namespace qkv_test {

class ShuffledPool {
 public:
  ShuffledPool(int32_t workers, bool threads, uint64_t seed, const FloatMode& mode = {})
      : workers_(workers), threads_(threads), random_(seed), mode_(mode) {}

  qkv_pool handle() { return {workers_, this, &parallel_for}; }
  // Every worker thread found its floating-point mode unchanged after every range.
  bool modes_kept() const { return modes_kept_; }

 private:
  struct Work {
    qkv_task_function function;
    void* context;
    std::vector<std::pair<int64_t, int64_t>> ranges;
    std::atomic<size_t> next{0};
  };

  static void parallel_for(void* self, int64_t task_count, qkv_task_function function, void* context);
  std::vector<std::pair<int64_t, int64_t>> shuffled_ranges(int64_t task_count);
  void run_here(Work& work);
  void run_worker(Work& work, int32_t worker);

  int32_t workers_;
  bool threads_;
  Random random_;
  FloatMode mode_;
  std::atomic<bool> modes_kept_{true};
};

}  // namespace qkv_test
