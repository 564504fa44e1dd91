// SPDX-License-Identifier: Apache-2.0
#include "tune/tune_progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "command/progress.hpp"

namespace qkv::bench {

using Clock = std::chrono::steady_clock;

TuneProgress::TuneProgress(std::FILE* stream, int candidates_at_most)
    : stream_(stream), is_terminal_(isatty(fileno(stream)) != 0), left_(candidates_at_most), start_(Clock::now()) {}

void TuneProgress::begin(const std::string& name, int candidates_at_most) {
  name_ = name;
  of_class_ = candidates_at_most;
  if (!is_terminal_) return;
  fmt::print(stream_, "{} ...", name_);
  std::fflush(stream_);
}

void TuneProgress::candidate(const std::string& words) {
  if (is_terminal_) {
    const double elapsed = std::chrono::duration<double>(Clock::now() - start_).count();
    const std::string time = done_ == 0 ? "" : ", " + duration_text(elapsed / done_ * left_);
    fmt::print(stream_, "\r\033[K{}: {} ... at most {} candidates{} left", name_, words, left_, time);
    std::fflush(stream_);
  }
  if (of_class_ == 0) return;
  of_class_--;
  left_--;
  done_++;
}

void TuneProgress::end(const std::string& summary) {
  left_ -= of_class_;
  of_class_ = 0;
  fmt::print(stream_, "{}{}: {}; at most {} candidates left\n", is_terminal_ ? "\r\033[K" : "", name_, summary, left_);
  std::fflush(stream_);
}

}  // namespace qkv::bench
