// SPDX-License-Identifier: Apache-2.0
// A tier may lack families of kernels: they come from the tiers below.
#include <doctest/doctest.h>

#include <string>

#include "dispatch/isa_registry.hpp"

namespace qkv_test {

TEST_CASE("registry: what a tier lacks comes from the nearest tier below that has it") {
  static const qkv::AttentionKernels attention[3] = {};
  static const qkv::KvKernels kv[3] = {};
  static const qkv::MatmulKernels matmul[3] = {};
  static const qkv::RowKernels rows[3] = {};
  static const qkv::QuantizedKernels quantized[3] = {};
  static const qkv::KernelTable tables[] = {
      {"plain", 64, 16, &attention[0], &kv[0], &matmul[0], &rows[0], &quantized[0]},
      {"middle", 128, 16, nullptr, &kv[1], &matmul[1], nullptr, nullptr},
      {"best", 256, 16, &attention[2], nullptr, nullptr, nullptr, &quantized[2]}};
  const auto table_of = [](int32_t tier) -> const qkv::KernelTable& { return tables[tier]; };
  const auto from = [&](int32_t tier) {
    const qkv::KernelSet set = qkv::kernels_from(table_of, tier);
    return std::string(set.attention.isa) + " " + set.kv.isa + " " + set.matmul.isa + " " + set.rows.isa + " " +
           set.quantized.isa;
  };
  CHECK(from(0) == "plain plain plain plain plain");
  CHECK(from(1) == "plain middle middle plain plain");
  CHECK(from(2) == "best middle middle plain best");
  const qkv::KernelSet best = qkv::kernels_from(table_of, 2);
  CHECK(best.attention.kernels == &attention[2]);
  CHECK(best.kv.kernels == &kv[1]);
  CHECK(best.matmul.kernels == &matmul[1]);
  CHECK(best.rows.kernels == &rows[0]);
}

}  // namespace qkv_test
