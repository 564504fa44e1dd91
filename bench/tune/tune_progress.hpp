// SPDX-License-Identifier: Apache-2.0
// A line per class; on a terminal also which candidate is being measured, and how many are left.
#pragma once

#include <chrono>
#include <cstdio>
#include <string>

namespace qkv::bench {

class TuneProgress {
 public:
  TuneProgress(std::FILE* stream, int candidates_at_most);

  void begin(const std::string& name, int candidates_at_most);  // a class
  void candidate(const std::string& words);
  void end(const std::string& summary);  // of the class; candidates that were not needed are left out

  int left() const { return left_; }

 private:
  std::FILE* stream_;
  bool is_terminal_;
  int left_, of_class_ = 0, done_ = 0;
  std::string name_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace qkv::bench
