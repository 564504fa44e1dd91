// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

namespace qkv::tools {

Progress::Progress(std::string title, std::size_t total, bool wanted)
    : title_(std::move(title)),
      total_(total),
      visible_(wanted && isatty(STDERR_FILENO) != 0),
      next_(Clock::now() + std::chrono::seconds(1)) {}

Progress::~Progress() {
  if (shown_) std::fputs("\r\033[K", stderr);
}

void Progress::add(std::size_t count) {
  done_ += count;
  if (!visible_ || Clock::now() < next_) return;
  fmt::print(stderr, "\r\033[K{} {} of {}", title_, done_, total_);
  shown_ = true;
  next_ = Clock::now() + std::chrono::milliseconds(200);
}

}  // namespace qkv::tools
