// SPDX-License-Identifier: Apache-2.0
// The threads that a benchmark runs on: those of qkv's own OpenMP pool, for the limits as well, so that no second set
// of threads takes cores from the first.
#pragma once

#include <functional>

#include "qkv/pool.h"

namespace qkv::bench {

class Team {
 public:
  // Throws std::runtime_error if there are not that many threads to be had.
  explicit Team(int threads);

  int threads() const { return threads_; }
  const qkv_pool& pool() const { return pool_; }

  // Calls work(worker) once per worker, all at the same time, and returns the seconds from the first start to the last
  // end. `prepare` runs before the common start.
  double seconds_together(const std::function<void(int)>& prepare, const std::function<void(int)>& work) const;

 private:
  int threads_;
  qkv_pool pool_;
};

// Threads that a Team may have in this build: 1 without OpenMP.
bool has_thread_pool();

}  // namespace qkv::bench
