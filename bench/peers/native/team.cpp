// SPDX-License-Identifier: Apache-2.0
// The team of limits/team.hpp with threads that end when their loop does: those of a pool would wait for more in a busy
// loop, and take cores from the peer's own.
#include "limits/team.hpp"

#include <algorithm>
#include <barrier>
#include <chrono>
#include <thread>
#include <vector>

namespace qkv::bench {

using Clock = std::chrono::steady_clock;

Team::Team(int threads) : threads_(threads), pool_{} {}

double Team::seconds_together(const std::function<void(int)>& prepare, const std::function<void(int)>& work) const {
  const auto count = static_cast<size_t>(threads_);
  std::vector<Clock::time_point> begin(count), end(count);
  std::barrier together(threads_);
  const auto take_part = [&](int worker) {
    prepare(worker);
    together.arrive_and_wait();
    begin[static_cast<size_t>(worker)] = Clock::now();
    work(worker);
    end[static_cast<size_t>(worker)] = Clock::now();
  };
  {
    std::vector<std::jthread> others;
    for (int worker = 1; worker < threads_; worker++) others.emplace_back(take_part, worker);
    take_part(0);
  }
  return std::chrono::duration<double>(*std::ranges::max_element(end) - *std::ranges::min_element(begin)).count();
}

}  // namespace qkv::bench
