// SPDX-License-Identifier: Apache-2.0
#include "limits/fma_limit.hpp"

#include <algorithm>
#include <utility>

namespace qkv::bench {

FmaLimit::FmaLimit(std::vector<FmaLoop> loops, const Team& team) : Limit(team), loops_(std::move(loops)) {
  constexpr double wanted_seconds = 0.5e-3;
  const double flops = loops_.front().flops_per_iteration * static_cast<double>(iterations_ * team.threads());
  double rate = 0;
  for (int round = 0; round < 10; round++) rate = std::max(rate, rate_of(0));
  iterations_ =
      std::max<int64_t>(1, static_cast<int64_t>(static_cast<double>(iterations_) * wanted_seconds * rate / flops));
  calibrate();
}

double FmaLimit::rate_of(size_t loop) {
  const FmaLoop& chosen = loops_[loop];
  const auto wake = [&](int) { chosen.run(iterations_ / 8 + 1); };  // the wide units take some time to power up
  const double seconds = team().seconds_together(wake, [&](int) { chosen.run(iterations_); });
  return chosen.flops_per_iteration * static_cast<double>(iterations_ * team().threads()) / seconds;
}

}  // namespace qkv::bench
