// SPDX-License-Identifier: Apache-2.0
#include "limits/cold_copies.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "limits/memory_levels.hpp"

namespace qkv::bench {

// The bytes that a call touches count, not what lies beside them: a table has rows that no id asks for.
ColdCopies cold_copies(const Work& work) {
  const auto span = static_cast<double>(probe_bytes(memory_levels().back(), 1));
  const double copies = std::max(1.0, std::ceil(span / work.bytes)), bytes = copies * work.operand_bytes;
  const double memory = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  return {static_cast<int64_t>(copies), bytes, bytes <= std::max(memory / 4, work.operand_bytes)};
}

}  // namespace qkv::bench
