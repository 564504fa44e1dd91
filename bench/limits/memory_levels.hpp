// SPDX-License-Identifier: Apache-2.0
// Caches and memory of this machine, as the operating system tells their sizes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace qkv::bench {

struct MemoryLevel {
  std::string name;  // "L1", "L2", "L3", "DRAM"
  int64_t capacity;  // bytes of one cache; of DRAM: no limit
  int32_t sharing_cores;
  int64_t smaller;  // capacity of the level before, 0 if there is none
};

// From the nearest to DRAM.
const std::vector<MemoryLevel>& memory_levels();

// Throws std::invalid_argument if the machine has no such level.
const MemoryLevel& memory_level(const std::string& name);

// The level that this many bytes stay in, spread over threads.
const MemoryLevel& level_that_holds(double bytes, int threads);

// Bytes of a buffer for each of several threads that lie in this level and in no smaller one.
int64_t probe_bytes(const MemoryLevel& level, int threads);

}  // namespace qkv::bench
