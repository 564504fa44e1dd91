// SPDX-License-Identifier: Apache-2.0
// Loops that load every byte of a buffer and do nothing with it: the limit of what is bound by memory.
#pragma once

#include <cstddef>
#include <vector>

namespace qkv::bench {

struct ReadLoop {
  void (*read)(const std::byte* first, size_t bytes);
};

inline constexpr size_t read_granularity = 4096;  // bytes are a multiple of this

// Every loop that this machine can run: vector widths, loads in flight, streams, prefetches. Which is best depends on
// the machine and on the cache that the buffer lies in, so all are measured.
std::vector<ReadLoop> read_loops();

}  // namespace qkv::bench
