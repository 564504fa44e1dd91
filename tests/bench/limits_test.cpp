// SPDX-License-Identifier: Apache-2.0
// Measured limits, the threads they run on, and which of them bounds a problem. No test asserts a speed.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <stdexcept>

#include "limits/fma_loops.hpp"
#include "limits/limit.hpp"
#include "limits/memory_levels.hpp"
#include "limits/roofline.hpp"
#include "operations/prepared_call.hpp"
#include "support/tiers.hpp"

using namespace qkv::bench;

TEST_CASE("limits: every tier and every level gives a rate, and the best that was reached twice is kept") {
  Limits limits;
  for (const std::string& tier : qkv_test::tier_report().checked) CHECK(limits.get("fma " + tier, 1).measure() > 0);
  for (const std::string& tier : qkv_test::tier_report().checked) {
    if (has_byte_loops(tier)) CHECK(limits.get("dot " + tier, 1).measure() > 0);
  }
  for (const MemoryLevel& level : memory_levels()) CHECK(limits.get("read " + level.name, 1).measure() > 0);
  for (const auto& one : limits.best()) {
    CAPTURE(one.first);
    Limit& limit = limits.get(one.first, 1);
    const double first = limit.measure(), second = limit.measure();
    CHECK(limit.best() >= std::min(first, second));
    CHECK(limit.best() >= one.second.at(1));
  }
  CHECK_THROWS_AS(limits.get("read L9", 1), std::invalid_argument);
  CHECK_THROWS_AS(limits.get("dot generic", 1), std::invalid_argument);
  CHECK_THROWS_AS(limits.get("walk", 1), std::invalid_argument);
}

TEST_CASE("limits: a buffer for a level is larger than the level before and fits its own") {
  for (const MemoryLevel& level : memory_levels()) {
    for (const int threads : {1, 2, 64}) {
      CAPTURE(level.name);
      CHECK(probe_bytes(level, 1) > level.smaller);
      CHECK(probe_bytes(level, threads) <= level.capacity);
    }
  }
  CHECK(level_that_holds(1, 1).name == memory_levels().front().name);
  CHECK(level_that_holds(1e15, 1).name == "DRAM");
}

TEST_CASE("limits: all workers of a team run at the same time, each once") {
  const Team team(has_thread_pool() ? 2 : 1);
  std::atomic<int> prepared{0}, mask{0};
  const double seconds = team.seconds_together([&](int) { prepared++; }, [&](int worker) { mask |= 1 << worker; });
  CHECK(seconds >= 0);
  CHECK(prepared == team.threads());
  CHECK(mask == (1 << team.threads()) - 1);
}

TEST_CASE("limits: several threads compute the same result, checked in the same way") {
  if (!has_thread_pool()) return;
  const Team team(2);
  const Shape shapes[] = {
      Attention{.heads = 3, .kv_heads = 3, .queries = 70, .keys = 70, .head_dim = 32, .value_dim = 32},
      Matmul{.m = 100, .n = 200, .k = 60}, Softmax{.rows = 300, .columns = 200}};
  for (const Shape& shape : shapes) CHECK(prepare(shape, {team, 3})->check().failure == "");
}

TEST_CASE("limits: arithmetic bounds a large product, reading a row times a matrix, and DRAM what is cold") {
  Limits limits;
  const Setting hot{"generic", 1, false}, cold{"generic", 1, true};
  CHECK(bound_of(work_of(Matmul{.m = 1024, .n = 1024, .k = 1024}), hot, limits).limit_name == "fma generic");
  const Matmul quantised{.m = 1024, .n = 1024, .k = 1024, .weights = 2};
  CHECK(bound_of(work_of(quantised), hot, limits).limit_name == "fma generic");
  if (std::ranges::count(qkv_test::tier_report().checked, "avx2") != 0) {
    CHECK(bound_of(work_of(quantised), {"avx2", 1, false}, limits).limit_name == "dot avx2");
  }
  CHECK(bound_of(work_of(Softmax{.rows = 16, .columns = 16}), cold, limits).limit_name == "read DRAM");
  const Bound embedding = bound_of(work_of(Embedding{.entries = 1 << 20, .rows = 9, .columns = 9}), hot, limits);
  CHECK(embedding.limit_name == "read " + memory_levels().front().name);
  CHECK(embedding.unit == std::string("bytes/s"));
  CHECK(embedding.work == 4 * 2 * 81);
}

TEST_CASE("limits: copies that fill DRAM are as large as the buffer of its read loop") {
  const auto span = static_cast<double>(probe_bytes(memory_level("DRAM"), 1));
  const Softmax shape{.rows = 64, .columns = 64};
  const double bytes = static_cast<double>(copies_that_fill_dram(shape)) * work_of(shape).bytes;
  CHECK(bytes >= span);
  CHECK(bytes < span + work_of(shape).bytes);
  CHECK(copies_that_fill_dram(Softmax{.rows = 1 << 10, .columns = static_cast<int64_t>(span) >> 12}) == 1);
  CHECK_THROWS_AS(copies_that_fill_dram(Embedding{.entries = 1 << 20, .rows = 1, .columns = 1 << 12}), NotSupported);
}
