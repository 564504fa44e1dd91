// SPDX-License-Identifier: Apache-2.0
#include "tune/best_for_all.hpp"

#include <algorithm>

namespace qkv::bench {

std::optional<size_t> best_for_all(const std::vector<std::vector<std::optional<Gain>>>& gains) {
  std::optional<size_t> best;
  double best_gain = 0;
  for (size_t tuning = 0; tuning < gains.size(); tuning++) {
    std::vector<Gain> known;
    for (const std::optional<Gain>& gain : gains[tuning]) known.push_back(gain.value_or(Gain{}));
    const Gain mean = mean_of(known);
    if (std::ranges::any_of(known, &Gain::is_loss) || !mean.is_real() || mean.gain <= best_gain) continue;
    best = tuning;
    best_gain = mean.gain;
  }
  return best;
}

}  // namespace qkv::bench
