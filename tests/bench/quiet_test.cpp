// SPDX-License-Identifier: Apache-2.0
// Which repetitions count, and the figure that comes of them.
#include "measuring/quiet.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace qkv::bench;

static Repetition repetition(double rate, double before = 100, double after = 100) {
  return {.rate = rate, .limit_before = before, .limit_after = after};
}

TEST_CASE("quiet: the limits agree within 2 %, in either order") {
  CHECK(is_quiet(repetition(50, 100, 98.1), 100));
  CHECK(is_quiet(repetition(50, 98.1, 100), 100));
  CHECK_FALSE(is_quiet(repetition(50, 100, 97.9), 100));
  CHECK_FALSE(is_quiet(repetition(50, 97.9, 100), 100));
}

TEST_CASE("quiet: both limits lie within 5 % of the best of the run") {
  CHECK(is_quiet(repetition(50, 95.1, 95.1), 100));
  CHECK_FALSE(is_quiet(repetition(50, 94.9, 94.9), 100));
  CHECK_FALSE(is_quiet(repetition(50, 94.9, 95.5), 100));
}

TEST_CASE("quiet: the system ran nothing else on this core") {
  Repetition one = repetition(50);
  one.idle = 0.019;
  CHECK(is_quiet(one, 100));
  one.idle = 0.021;
  CHECK_FALSE(is_quiet(one, 100));
}

TEST_CASE("quiet: the figure is the median of rate / higher limit, over quiet repetitions only") {
  std::vector<Repetition> repetitions;
  for (const double rate : {70.0, 50.0, 60.0, 90.0, 80.0}) repetitions.push_back(repetition(rate));
  repetitions.push_back(repetition(10, 80, 100));
  repetitions.push_back(repetition(99, 90, 90));
  CHECK(count_quiet(repetitions, 100) == 5);
  REQUIRE(median_quiet(repetitions, 100).has_value());
  CHECK(median_quiet(repetitions, 100)->rate == 70);
  CHECK(median_quiet(repetitions, 100)->ratio() == doctest::Approx(0.7));
  repetitions.push_back(repetition(95));
  CHECK(median_quiet(repetitions, 100)->rate == 70);  // of six the lower middle one
  CHECK(repetition(50, 99, 100).ratio() == doctest::Approx(0.5));
}

TEST_CASE("quiet: no figure from fewer than five") {
  std::vector<Repetition> repetitions(4, repetition(50));
  CHECK_FALSE(median_quiet(repetitions, 100).has_value());
  repetitions.push_back(repetition(50));
  CHECK(median_quiet(repetitions, 100).has_value());
  CHECK_FALSE(median_quiet(repetitions, 110).has_value());  // a better limit seen later makes all of them noisy
  CHECK_FALSE(median_quiet({}, 100).has_value());
}
