// SPDX-License-Identifier: Apache-2.0
// A line per benchmark, with its number and an estimate of the time that is left.
#pragma once

#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "result_files/row.hpp"

namespace qkv::bench {

class Progress {
 public:
  // Seconds that each benchmark is expected to take; only their proportions count once some are done.
  Progress(std::FILE* stream, std::vector<double> expected_seconds);

  void begin(const std::string& name);  // shown on a terminal until the result is there
  void end(const std::string& name, const Row& row);

 private:
  std::string time_left() const;

  std::FILE* stream_;
  bool is_terminal_;
  std::vector<double> expected_;
  size_t done_ = 0;
  std::chrono::steady_clock::time_point start_;
};

// "92.1 % of fma avx512, 248.7 GFLOP/s, 9 of 9 kept", or why there is no figure.
std::string summary_of(const Row& row);

// "12 s", "3 min 5 s"
std::string duration_text(double seconds);

}  // namespace qkv::bench
