// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace qkv::tools {

// A line on a terminal's standard error that counts what is done, from the moment that it takes longer than a second.
class Progress {
 public:
  // "TITLE 20 of 100". A program that prints its results bit by bit on the same terminal says so by `wanted`.
  Progress(std::string title, std::size_t total, bool wanted);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void add(std::size_t count);

 private:
  using Clock = std::chrono::steady_clock;

  std::string title_;
  std::size_t total_, done_ = 0;
  bool visible_, shown_ = false;
  Clock::time_point next_;
};

}  // namespace qkv::tools
