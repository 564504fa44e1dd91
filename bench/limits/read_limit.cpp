// SPDX-License-Identifier: Apache-2.0
#include "limits/read_limit.hpp"

#include <algorithm>

namespace qkv::bench {
namespace {

constexpr double wanted_seconds = 0.5e-3;
constexpr int64_t dram_piece = 16 << 20;

size_t rounded(int64_t bytes) {
  return std::max<size_t>(1, static_cast<size_t>(bytes) / read_granularity) * read_granularity;
}

}  // namespace

ReadLimit::ReadLimit(const MemoryLevel& level, const Team& team)
    : Limit(team), loops_(read_loops()), stays_in_cache_(level.name != "DRAM") {
  const size_t bytes = rounded(probe_bytes(level, team.threads()));
  for (int worker = 0; worker < team.threads(); worker++) {
    buffers_.push_back({Floats::filled(static_cast<int64_t>(bytes / sizeof(float)), 1), bytes});
  }
  piece_ = stays_in_cache_ ? bytes : std::min(bytes, rounded(dram_piece / team.threads()));
  double rate = 0;
  for (int round = 0; round < 5; round++) rate = std::max(rate, rate_of(0));
  const double pass_seconds = static_cast<double>(piece_) * team.threads() / rate;
  if (stays_in_cache_) passes_ = std::clamp(static_cast<int>(wanted_seconds / pass_seconds), 1, 100000);
  calibrate();
}

// The piece that is next; all there is where the buffer stays in a cache.
const std::byte* ReadLimit::next_piece(Buffer& buffer) const {
  if (buffer.next + piece_ > buffer.bytes) buffer.next = 0;
  const auto* first = reinterpret_cast<const std::byte*>(buffer.floats.data()) + buffer.next;
  buffer.next += piece_;
  return first;
}

double ReadLimit::rate_of(size_t loop) {
  const auto read = loops_[loop].read;
  // What ran before has evicted the buffer.
  const auto warm_up = [&](int worker) {
    if (stays_in_cache_) read(next_piece(buffers_[static_cast<size_t>(worker)]), piece_);
  };
  const double seconds = team().seconds_together(warm_up, [&](int worker) {
    const std::byte* piece = next_piece(buffers_[static_cast<size_t>(worker)]);
    for (int pass = 0; pass < passes_; pass++) read(piece, piece_);
  });
  return static_cast<double>(piece_) * passes_ * team().threads() / seconds;
}

}  // namespace qkv::bench
