// SPDX-License-Identifier: Apache-2.0
#include "operations/prepared_call.hpp"

#include "limits/memory_levels.hpp"
#include "problems/work.hpp"
#include "qkv/qkv.hpp"

namespace qkv::bench {

int64_t copies_for_cold_cache(const Shape& shape) {
  const double twice_the_cache = 2 * static_cast<double>(last_cache_bytes());
  return 2 + static_cast<int64_t>(twice_the_cache / work_of(shape).operand_bytes);
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
