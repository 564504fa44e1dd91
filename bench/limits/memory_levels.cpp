// SPDX-License-Identifier: Apache-2.0
#include "limits/memory_levels.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "cli/machine.hpp"

namespace qkv::bench {
namespace {

constexpr int64_t no_limit = std::numeric_limits<int64_t>::max();

std::vector<MemoryLevel> find_levels() {
  std::vector<MemoryLevel> levels;
  int64_t smaller = 0;
  for (const tools::Cache& cache : tools::caches()) {
    if (cache.type == "Instruction" || cache.bytes <= smaller) continue;
    levels.push_back({"L" + std::to_string(cache.level), cache.bytes, cache.sharing_cores, smaller});
    smaller = cache.bytes;
  }
  levels.push_back({"DRAM", no_limit, 1, smaller});
  return levels;
}

}  // namespace

const std::vector<MemoryLevel>& memory_levels() {
  static const std::vector<MemoryLevel> levels = find_levels();
  return levels;
}

const MemoryLevel& memory_level(const std::string& name) {
  const auto found = std::ranges::find(memory_levels(), name, &MemoryLevel::name);
  if (found == memory_levels().end()) throw std::invalid_argument(name + ": no such level of memory");
  return *found;
}

const MemoryLevel& level_that_holds(double bytes, int threads) {
  for (const MemoryLevel& level : memory_levels()) {
    const int caches = std::max(1, threads / level.sharing_cores);
    if (bytes <= static_cast<double>(level.capacity) * caches) return level;
  }
  return memory_levels().back();
}

// Of DRAM sixteen times the last cache, which keeps a part of any smaller buffer from pass to pass.
// A cache must not be served by the smaller one (twice its size) nor lose the buffer to others (a quarter of its own;
// half of the first cache, which has no other users).
int64_t probe_bytes(const MemoryLevel& level, int threads) {
  if (level.capacity == no_limit) return std::clamp<int64_t>(16 * level.smaller, 256 << 20, 1 << 30) / threads;
  if (level.smaller == 0) return level.capacity / 2;
  const int users = std::min(threads, level.sharing_cores);
  return std::min(level.capacity, std::max(2 * level.smaller, level.capacity / (4 * users)));
}

}  // namespace qkv::bench
