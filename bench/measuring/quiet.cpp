// SPDX-License-Identifier: Apache-2.0
#include "measuring/quiet.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace qkv::bench {

bool is_quiet(const Repetition& repetition, double best_limit) {
  const double lower = std::min(repetition.limit_before, repetition.limit_after);
  return lower >= (1 - limits_agree_within) * repetition.limit() && lower >= (1 - best_limit_within) * best_limit &&
         repetition.idle <= idle_at_most;
}

bool is_quiet(const Turn& turn, double best_limit) {
  return std::ranges::all_of(turn, [=](const Repetition& one) { return is_quiet(one, best_limit); });
}

int count_quiet(std::span<const Repetition> repetitions, double best_limit) {
  return static_cast<int>(
      std::ranges::count_if(repetitions, [=](const Repetition& one) { return is_quiet(one, best_limit); }));
}

std::optional<Repetition> median_quiet(std::span<const Repetition> repetitions, double best_limit) {
  std::vector<Repetition> quiet;
  std::ranges::copy_if(repetitions, std::back_inserter(quiet),
                       [=](const Repetition& one) { return is_quiet(one, best_limit); });
  if (quiet.size() < static_cast<size_t>(least_kept)) return std::nullopt;
  const auto middle = quiet.begin() + static_cast<std::ptrdiff_t>((quiet.size() - 1) / 2);
  std::ranges::nth_element(quiet, middle, {}, &Repetition::ratio);
  return *middle;
}

}  // namespace qkv::bench
