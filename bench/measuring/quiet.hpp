// SPDX-License-Identifier: Apache-2.0
// The rule by which every figure of the suite is made. A repetition is: limit loop, timed calls, limit loop. It is
// quiet when the two limits agree and lie close to the best limit of the run: then nobody else used the core. The
// figure is the median, over quiet repetitions, of rate / limit. Times alone are never compared.
#pragma once

#include <optional>
#include <span>
#include <vector>

namespace qkv::bench {

struct Repetition {
  double rate, limit_before, limit_after;  // in one unit
  double seconds = 0;                      // of one call
  double idle = 0;                         // share of the time in which the system ran something else on this core

  double limit() const { return limit_before > limit_after ? limit_before : limit_after; }
  double ratio() const { return rate / limit(); }
};

inline constexpr double limits_agree_within = 0.02, best_limit_within = 0.05, idle_at_most = 0.02;
inline constexpr int least_kept = 5;

bool is_quiet(const Repetition& repetition, double best_limit);

// One repetition of each of several calls that are compared, in turns. Quiet if all of them are.
using Turn = std::vector<Repetition>;
bool is_quiet(const Turn& turn, double best_limit);

// How many are quiet.
int count_quiet(std::span<const Repetition> repetitions, double best_limit);

// The quiet repetition of median ratio, the lower of two in the middle. Nothing if fewer than least_kept are quiet.
std::optional<Repetition> median_quiet(std::span<const Repetition> repetitions, double best_limit);

}  // namespace qkv::bench
