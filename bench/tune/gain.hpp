// SPDX-License-Identifier: Apache-2.0
// What a tuning gains over the default, and how sure that is. Both are measured in turns (quiet.hpp), so that what
// disturbs one disturbs the other.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "measuring/quiet.hpp"

namespace qkv::bench {

struct Gain {
  double before = 0, after = 0;  // ratio of rate to limit: of the default and with the tuning
  double gain = 0;               // median over turns of the difference: not quite after - before
  double noise = 0;              // two standard errors of that median, at least least_noise

  bool is_real() const { return gain > noise; }
  bool is_loss() const { return gain < -noise; }
};

// What repetitions do not show: where code and data happen to lie.
inline constexpr double least_noise = 0.002;

// Of turns of the default and the tuning; nothing if fewer than least_kept are quiet.
std::optional<Gain> gain_of(std::span<const Turn> turns, double best_limit);

// Of several problems that count alike.
Gain mean_of(const std::vector<Gain>& gains);

}  // namespace qkv::bench
