// SPDX-License-Identifier: Apache-2.0
#include "operations/prepared_call.hpp"

#include <fmt/format.h>

#include "limits/cold_copies.hpp"
#include "problems/work.hpp"
#include "qkv/qkv.hpp"

namespace qkv::bench {

int64_t copies_that_fill_dram(const Shape& shape) {
  const ColdCopies copies = cold_copies(work_of(shape));
  if (copies.fit) return copies.count;
  throw NotSupported(
      fmt::format("{} copies that fill no cache take {:.1f} GiB", copies.count, copies.bytes / (1 << 30)));
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
