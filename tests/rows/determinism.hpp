// SPDX-License-Identifier: Apache-2.0
// Same row, same bits, for any row-wise operation.
#pragma once

#include "rows/row_calls.hpp"
#include "support/bits.hpp"
#include "support/tiers.hpp"

namespace qkv_test {

// `whole(call)` computes `rows` rows, `part(first, count)` some of them as a problem of their own.
template <typename Whole, typename Part>
void check_row_determinism(int64_t rows, uint64_t seed, const Whole& whole, const Part& part) {
  for_each_tier([&](const std::string& tier) {
    INFO("on ", tier, ", seed ", seed);
    const Array<float> result = whole(RowCall{});
    const uint64_t hash = bit_hash(result);
    const FloatMode& mode = unusual_float_modes()[seed % 4];
    CHECK(bit_hash(whole(RowCall{})) == hash);
    CHECK(bit_hash(whole(RowCall{.layout_seed = seed + 1})) == hash);
    CHECK(bit_hash(whole(RowCall{.execution = {.mode = mode}})) == hash);
    Random random(seed);
    const int64_t first = random.integer(0, rows - 1), count = random.integer(1, rows - first);
    CHECK(bit_hash(part(first, count)) == bit_hash(slice(result, 2, first, count)));
  });
}

// Elements that make more than four tasks.
inline constexpr int64_t pooled_rows = 300, pooled_columns = 242;

// The same for `pooled_rows` rows that workers share: any pool, order and floating-point mode.
template <typename Whole>
void check_pool_determinism(const Whole& whole) {
  for_each_tier([&](const std::string& tier) {
    const uint64_t hash = bit_hash(whole(RowCall{}));
    for (uint64_t seed = 0; seed < 14; seed++) {
      INFO("on ", tier, ", seed ", seed);
      const Execution execution{.workers = static_cast<int32_t>(1 + seed % 7),
                                .threads = seed >= 7,
                                .seed = seed,
                                .mode = seed % 2 == 0 ? FloatMode{} : unusual_float_modes()[seed / 2 % 4],
                                .several_tasks = true};
      CHECK(bit_hash(whole(RowCall{.layout_seed = seed, .execution = execution})) == hash);
    }
  });
}

}  // namespace qkv_test
