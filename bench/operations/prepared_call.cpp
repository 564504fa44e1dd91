// SPDX-License-Identifier: Apache-2.0
#include "operations/prepared_call.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "limits/memory_levels.hpp"
#include "problems/work.hpp"
#include "qkv/qkv.hpp"

namespace qkv::bench {

// The bytes that a call touches count, not what lies beside them: a table has rows that no id asks for.
int64_t copies_that_fill_dram(const Shape& shape) {
  const Work work = work_of(shape);
  const auto span = static_cast<double>(probe_bytes(memory_levels().back(), 1));
  const double copies = std::max(1.0, std::ceil(span / work.bytes)), bytes = copies * work.operand_bytes;
  const double memory = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  if (bytes <= std::max(memory / 4, work.operand_bytes)) return static_cast<int64_t>(copies);
  throw NotSupported(fmt::format("{} copies that fill no cache take {:.1f} GiB", copies, bytes / (1 << 30)));
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
