// SPDX-License-Identifier: Apache-2.0
// What changed between two runs. Ratios to limits are compared, never times: the runs may have met other conditions.
#pragma once

#include <string>
#include <vector>

#include "result_files/row.hpp"

namespace qkv::bench {

struct Change {
  std::string key;
  double before, after;

  double relative() const { return after / before - 1; }
};

struct Difference {
  std::vector<Change> changes;              // the greatest loss first
  std::vector<std::string> without_figure;  // key and why: a row that is in both files, but without a ratio in one
  std::vector<std::string> only_before, only_after;
  bool second_is_wrong = false;  // some result of it is
};

Difference difference_of(const std::vector<Row>& before, const std::vector<Row>& after);

// Some ratio fell by more than the threshold (0.03 is 3 %), or a result is wrong now.
bool is_worse(const Difference& difference, double threshold);

std::string table_of(const Difference& difference, double threshold);

}  // namespace qkv::bench
