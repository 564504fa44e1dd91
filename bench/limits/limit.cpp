// SPDX-License-Identifier: Apache-2.0
#include "limits/limit.hpp"

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <vector>

#include "limits/fma_limit.hpp"
#include "limits/read_limit.hpp"

namespace qkv::bench {

double Limit::measure() {
  const double rate = rate_of(loop_);
  best_ = std::max(best_, std::min(rate, last_));
  last_ = rate;
  return rate;
}

// In turns, so that a disturbance does not decide between the loops.
void Limit::calibrate() {
  constexpr int rounds = 8;
  std::vector<std::vector<double>> rates(loop_count());
  for (int round = 0; round < rounds; round++) {
    for (size_t loop = 0; loop < loop_count(); loop++) rates[loop].push_back(rate_of(loop));
  }
  for (size_t loop = 0; loop < loop_count(); loop++) {
    std::ranges::nth_element(rates[loop], rates[loop].begin() + 1, std::greater());
    if (rates[loop][1] <= best_) continue;
    best_ = rates[loop][1];
    loop_ = loop;
  }
}

std::unique_ptr<Limit> make_limit(const std::string& name, const Team& team) {
  if (name.starts_with("fma ")) return std::make_unique<FmaLimit>(fma_loops(name.substr(4)), team);
  if (name.starts_with("dot ") && has_byte_loops(name.substr(4)))
    return std::make_unique<FmaLimit>(byte_loops(name.substr(4)), team);
  if (name.starts_with("read ")) return std::make_unique<ReadLimit>(memory_level(name.substr(5)), team);
  throw std::invalid_argument(name + ": no such limit");
}

Limit& Limits::get(const std::string& name, int threads) {
  std::unique_ptr<Limit>& limit = limits_[{name, threads}];
  if (limit == nullptr) limit = make_limit(name, team(threads));
  return *limit;
}

const Team& Limits::team(int threads) {
  std::unique_ptr<Team>& team = teams_[threads];
  if (team == nullptr) team = std::make_unique<Team>(threads);
  return *team;
}

std::map<std::string, std::map<int, double>> Limits::best() const {
  std::map<std::string, std::map<int, double>> rates;
  for (const auto& [key, limit] : limits_) rates[key.first][key.second] = limit->best();
  return rates;
}

}  // namespace qkv::bench
