// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <utility>

#include "cli/standard_output.hpp"

namespace qkv::tools {

Progress::Progress(std::string title, std::size_t total, bool wanted)
    : title_(std::move(title)),
      total_(total),
      visible_(wanted && isatty(STDERR_FILENO) != 0),
      next_(Clock::now() + std::chrono::seconds(1)) {}

Progress::~Progress() {
  if (shown_) write_standard_error("\r\033[K");
}

void Progress::add(std::size_t count) {
  done_ += count;
  if (!visible_ || Clock::now() < next_) return;
  write_standard_error(fmt::format("\r\033[K{} {} of {}", title_, done_, total_));
  shown_ = true;
  next_ = Clock::now() + std::chrono::milliseconds(200);
}

}  // namespace qkv::tools
