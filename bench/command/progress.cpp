// SPDX-License-Identifier: Apache-2.0
#include "command/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <numeric>
#include <utility>

namespace qkv::bench {
namespace {

using Clock = std::chrono::steady_clock;

std::string counter(size_t number, size_t total) {
  const size_t width = std::to_string(total).size();
  return fmt::format("[{:>{}}/{}]", number, width, total);
}

double sum(std::vector<double>::const_iterator first, std::vector<double>::const_iterator last) {
  return std::accumulate(first, last, 0.0);
}

}  // namespace

Progress::Progress(std::FILE* stream, std::vector<double> expected_seconds)
    : stream_(stream),
      is_terminal_(isatty(fileno(stream)) != 0),
      expected_(std::move(expected_seconds)),
      start_(Clock::now()) {}

void Progress::begin(const std::string& name) {
  if (done_ == 0) start_ = Clock::now();
  if (!is_terminal_) return;
  fmt::print(stream_, "{} {} ...", counter(done_ + 1, expected_.size()), name);
  std::fflush(stream_);
}

void Progress::end(const std::string& name, const Row& row) {
  if (done_ < expected_.size()) done_++;
  fmt::print(stream_, "{}{} {:<52} {:>14}   {}\n", is_terminal_ ? "\r\033[K" : "", counter(done_, expected_.size()),
             summary_of(row), time_left(), name);
  std::fflush(stream_);
}

std::string Progress::time_left() const {
  if (done_ == expected_.size()) return "";
  const auto middle = expected_.begin() + static_cast<std::ptrdiff_t>(done_);
  const double so_far = std::chrono::duration<double>(Clock::now() - start_).count();
  const double pace = so_far / sum(expected_.begin(), middle);
  return duration_text(pace * sum(middle, expected_.end())) + " left";
}

std::string summary_of(const Row& row) {
  if (!row.ratio && !row.note.empty()) return row.note;
  if (!row.ratio) return fmt::format("right, error {:.1e}", row.error.value_or(0));
  const char* unit = row.unit == "FLOP/s" ? "GFLOP/s" : "GB/s";
  return fmt::format("{:5.1f} % of {:<11} {:7.1f} {:<7} {:>2} of {:>2} kept", 100 * *row.ratio, row.limit_name,
                     row.rate.value_or(0) * 1e-9, unit, row.kept, row.repetitions);
}

std::string duration_text(double seconds) {
  const auto whole = static_cast<int64_t>(std::ceil(seconds));
  return whole < 60 ? fmt::format("{} s", whole) : fmt::format("{} min {} s", whole / 60, whole % 60);
}

}  // namespace qkv::bench
