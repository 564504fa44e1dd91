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
  std::vector<std::string> lost;            // key and why: has a ratio in the first file only
  std::vector<std::string> other_limit;     // key and both limits: ratios to them cannot be compared
  std::vector<std::string> without_figure;  // key and why: has none in the first file
  std::vector<std::string> only_after;
  bool second_is_wrong = false;  // some result of it is
};

Difference difference_of(const std::vector<Row>& before, const std::vector<Row>& after);

// What a newer file may do and be no worse.
struct Tolerance {
  double loss = 0.03;    // of a ratio: 3 %
  bool missing = false;  // ratios may be lost
};

// Some ratio fell by more than that, is lost or belongs to another limit, or a result is wrong now.
bool is_worse(const Difference& difference, const Tolerance& tolerance);

std::string table_of(const Difference& difference, double threshold);

}  // namespace qkv::bench
