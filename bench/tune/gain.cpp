// SPDX-License-Identifier: Apache-2.0
#include "tune/gain.hpp"

#include <algorithm>
#include <cmath>

namespace qkv::bench {
namespace {

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  if (values.size() % 2 != 0) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

// Standard deviation from the median distance to the median, which a few outliers do not move; 1.4826 and sqrt(pi / 2)
// are those of a normal distribution.
double standard_error_of_median(const std::vector<double>& values) {
  const double center = median(values);
  std::vector<double> distances;
  for (const double value : values) distances.push_back(std::abs(value - center));
  const double deviation = 1.4826 * median(distances);
  return 1.2533 * deviation / std::sqrt(static_cast<double>(values.size()));
}

}  // namespace

std::optional<Gain> gain_of(std::span<const Turn> turns, double best_limit) {
  std::vector<double> before, after, difference;
  for (const Turn& turn : turns) {
    if (!is_quiet(turn, best_limit)) continue;
    before.push_back(turn[0].ratio());
    after.push_back(turn[1].ratio());
    difference.push_back(after.back() - before.back());
  }
  if (difference.size() < static_cast<size_t>(least_kept)) return std::nullopt;
  return Gain{median(before), median(after), median(difference),
              std::max(least_noise, 2 * standard_error_of_median(difference))};
}

Gain mean_of(const std::vector<Gain>& gains) {
  const auto count = static_cast<double>(gains.size());
  Gain mean;
  double variance = 0;
  for (const Gain& one : gains) {
    mean.before += one.before / count;
    mean.after += one.after / count;
    mean.gain += one.gain / count;
    variance += one.noise * one.noise / (count * count);
  }
  mean.noise = std::max(least_noise, std::sqrt(variance));
  return mean;
}

}  // namespace qkv::bench
