// SPDX-License-Identifier: Apache-2.0
#include "operations/prepared_call.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "limits/memory_levels.hpp"
#include "problems/work.hpp"
#include "qkv/qkv.hpp"

namespace qkv::bench {

// The bytes that a call touches count, not what lies beside them: a table has rows that no id asks for.
int64_t copies_for_cold_cache(const Shape& shape) {
  const Work work = work_of(shape);
  const int64_t copies = 2 + static_cast<int64_t>(2 * static_cast<double>(last_cache_bytes()) / work.bytes);
  const double bytes = static_cast<double>(copies) * work.operand_bytes;
  const double memory = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  if (bytes <= memory / 4) return copies;
  throw NotSupported(fmt::format("{} copies for a cold cache take {:.1f} GiB", copies, bytes / (1 << 30)));
}

std::unique_ptr<PreparedCall> prepare(const Shape& shape, const Preparation& preparation) {
  try {
    return std::visit([&](const auto& sizes) { return prepare_one(sizes, preparation); }, shape);
  } catch (const Error& error) {
    if (error.status() == QKV_UNSUPPORTED) throw NotSupported(error.what());
    throw;
  }
}

}  // namespace qkv::bench
