// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <limits>

#include "matmul/multiply_quantized.hpp"
#include "support/bits.hpp"
#include "support/tiers.hpp"

namespace qkv_test {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

template <typename Check>
void for_each_format(const Check& check) {
  for (const BlockFacts& facts : block_facts) {
    CAPTURE(std::string(facts.name));
    check(facts);
  }
}

QuantizedProblem random_quantized(uint64_t seed) {
  Random random(seed);
  const BlockFacts& facts = block_facts[random.integer(0, 4)];
  const int64_t blocks = random.integer(1, facts.elements == 32 ? 9 : 2);
  QuantizedProblem problem = quantized_problem(facts, random.integer(1, 40), random.integer(1, 150), blocks, seed);
  if (random.chance(0.5)) problem.activation = static_cast<int32_t>(random.integer(QKV_IDENTITY, QKV_SILU));
  if (random.chance(0.2)) {
    for (float& value : problem.input.values()) value *= std::exp2(static_cast<float>(random.integer(-30, 30)));
  }
  return problem;
}

}  // namespace

TEST_CASE("quantised matmul: every tail of m and n, in every format") {
  for_each_format([](const BlockFacts& facts) {
    for (int64_t extent = 1; extent <= (brief_run() ? 14 : 70); extent++) {
      const auto seed = static_cast<uint64_t>(extent);
      check_on_every_tier(quantized_problem(facts, 1, extent, 2, seed));
      if (extent <= 14) check_on_every_tier(quantized_problem(facts, extent, 33, 1, seed));
    }
  });
}

TEST_CASE("quantised matmul: a one-hot input shows each weight") {
  for_each_format([](const BlockFacts& facts) {
    QuantizedProblem problem = quantized_problem(facts, facts.elements, 34, 1, 7);
    problem.bias = {};
    for (int64_t row = 0; row < problem.m; row++) {
      for (int64_t k = 0; k < problem.k; k++) problem.input(row, k) = k == row ? 127 : 0;
    }
    for_each_quantized_tier([&](const std::string& tier) {
      CAPTURE(tier);
      const Array<float> output = multiply(problem);
      for_each_index(problem.output_shape(), [&](int64_t, int64_t, int64_t row, int64_t column) {
        const BlockValue value = block_value(facts.format, problem.blocks.data() + column * problem.row_bytes(), row);
        const double products = 127 * (std::abs(value.factor) + std::abs(value.minimum));
        const double expected = 127 * (value.factor + value.minimum);
        CHECK(std::abs(static_cast<double>(output(row, column)) - expected) <= 3 * rounding * products);
      });
    });
  });
}

TEST_CASE("quantised matmul: the greatest quants and inputs do not overflow") {
  for_each_format([](const BlockFacts& facts) {
    for (const float sign : {1.0F, -1.0F}) {
      QuantizedProblem problem = quantized_problem(facts, 5, 33, 1, 3);
      for (float& value : problem.input.values()) value = 3 * sign;
      for (size_t i = 0; i < problem.blocks.size(); i++) {
        const size_t within = i % static_cast<size_t>(facts.bytes);
        const bool quant = facts.format == QKV_Q6_K ? within < 192 : within >= (facts.format == QKV_Q4_K ? 16 : 4);
        if (quant) problem.blocks[i] = facts.format == QKV_Q8_0 ? 0x80 : 0xff;
      }
      check_on_every_tier(problem);
    }
  });
}

TEST_CASE("quantised matmul: random shapes, layouts, activations, pools") {
  const int64_t count = case_count(1200);
  for (int64_t i = 0; i < count; i++) {
    const uint64_t seed = base_seed() + static_cast<uint64_t>(i);
    CAPTURE(seed);
    const auto workers = static_cast<int32_t>(i % 3 == 0 ? 1 + i % 7 : 0);
    check_on_every_tier(random_quantized(seed), seed, {.workers = workers, .seed = seed});
  }
}

TEST_CASE("quantised matmul: long sums, many rows, no columns, no depth") {
  check_on_every_tier(quantized_problem(block_facts[1], 3, 5, 500, 1));
  check_on_every_tier(quantized_problem(block_facts[2], 2, 5, 500, 1));
  check_on_every_tier(quantized_problem(block_facts[0], 200, 300, 2, 2), 0, {.workers = 3, .several_tasks = true});
  for_each_format([](const BlockFacts& facts) {
    check_on_every_tier(quantized_problem(facts, 3, 7, 0, 1));
    check_on_every_tier(quantized_problem(facts, 3, 0, 1, 1));
    check_on_every_tier(quantized_problem(facts, 0, 7, 1, 1));
  });
}

TEST_CASE("quantised matmul: NaN and infinity make their row NaN and change no other") {
  for_each_format([](const BlockFacts& facts) {
    QuantizedProblem clean = quantized_problem(facts, 8, 35, 2, 1);
    for (const float poison : {nan, infinity, -infinity}) {
      QuantizedProblem spoiled = clean;
      spoiled.input(4, 30) = poison;
      for_each_quantized_tier([&](const std::string& tier) {
        CAPTURE(tier);
        const Array<float> before = multiply(clean), after = multiply(spoiled);
        for_each_index(clean.output_shape(), [&](int64_t, int64_t, int64_t row, int64_t column) {
          CHECK((row == 4 ? std::isnan(after(row, column)) : after(row, column) == before(row, column)));
        });
      });
    }
  });
}

TEST_CASE("quantised matmul: blocks of tiny, denormal and huge inputs") {
  for (const float scale : {0x1p-99F, 0x1p-101F, 0x1p-140F, 0.0F, -0.0F, 0x1p115F}) {
    for_each_format([&](const BlockFacts& facts) {
      QuantizedProblem problem = quantized_problem(facts, 3, 17, 1, 5);
      for (float& value : problem.input.values()) value *= scale;
      check_on_every_tier(problem);
    });
  }
}

TEST_CASE("quantised matmul: same row, same bits: workers, tasks, neighbours, strides, floating-point mode") {
  const int64_t count = case_count(200);
  for (int64_t i = 0; i < count; i++) {
    const uint64_t seed = base_seed() + static_cast<uint64_t>(i);
    Random random(seed);
    const QuantizedProblem problem = random_quantized(seed);
    const int64_t first = random.integer(0, problem.m - 1), rows = random.integer(1, problem.m - first);
    QuantizedProblem part = problem;
    part.m = rows;
    part.input = problem.m == 1 ? problem.input : slice(problem.input, 2, first, rows);
    qkv_tuning tuning = {};
    tuning.size = sizeof tuning;
    tuning.matmul_rows_per_task = 1 + static_cast<int64_t>(seed % 9);
    tuning.matmul_panels_per_task = 1 + static_cast<int64_t>(seed % 3);
    for_each_quantized_tier([&](const std::string& tier) {
      INFO("on ", tier, ", seed ", seed, ": ", describe(problem));
      const Array<float> whole = multiply(problem);
      const uint64_t hash = bit_hash(whole);
      CHECK(bit_hash(multiply(problem, seed)) == hash);
      CHECK(bit_hash(multiply(problem, 0, {.workers = static_cast<int32_t>(1 + i % 7), .seed = seed})) == hash);
      CHECK(bit_hash(multiply(problem, 0, {.mode = unusual_float_modes()[seed % 4]}, &tuning)) == hash);
      CHECK(bit_hash(multiply(part)) == bit_hash(slice(whole, 2, first, rows)));
    });
  }
}

TEST_CASE("quantised matmul: the gate catches a dropped group and a quant that is off by one") {
  for_each_format([](const BlockFacts& facts) {
    QuantizedProblem problem = quantized_problem(facts, 4, 9, 3, 2);
    const Expected expected = quantized_reference(problem);
    QuantizedProblem wrong = problem;
    for (int64_t row = 0; row < 4; row++) {
      for (int64_t i = 0; i < 16; i++) wrong.input(row, i) = 0;
    }
    CHECK(first_failure("output", multiply(wrong), expected) != "");
    wrong = problem;
    wrong.blocks[facts.format == QKV_Q4_K ? 20 : 6] ^= 1;
    CHECK(first_failure("output", multiply(wrong), expected) != "");
  });
}

TEST_CASE("quantised matmul: wrong weights are refused and named") {
  alignas(64) static std::byte packed[1 << 16];
  unsigned char blocks[8 * 144] = {};
  const auto refuse = [&](const qkv_block_matrix& weight, size_t bytes, qkv_status expected, const char* named) {
    std::memset(packed, 0x5a, sizeof packed);
    CHECK(qkv_matmul_pack_blocks(&weight, packed, bytes) == expected);
    CHECK(std::string(qkv_error_message()).find(named) != std::string::npos);
    CHECK(packed[0] == std::byte{0x5a});
  };
  const size_t all = sizeof packed;
  refuse({blocks, 0, 4, 32, 0}, all, QKV_INVALID_ARGUMENT, "weight.format = 0");
  refuse({blocks, 6, 4, 32, 0}, all, QKV_INVALID_ARGUMENT, "weight.format = 6");
  refuse({blocks, QKV_Q4_0, 4, 33, 0}, all, QKV_INVALID_ARGUMENT, "weight.columns = 33");
  refuse({blocks, QKV_Q4_K, 4, 32, 0}, all, QKV_INVALID_ARGUMENT, "weight.columns = 32");
  refuse({blocks, QKV_Q4_0, -1, 32, 0}, all, QKV_INVALID_ARGUMENT, "weight.rows = -1");
  refuse({blocks, QKV_Q4_0, 4, -32, 0}, all, QKV_INVALID_ARGUMENT, "weight.columns = -32");
  refuse({blocks, QKV_Q4_0, 4, 32, 17}, all, QKV_INVALID_ARGUMENT, "weight.row_bytes = 17");
  refuse({blocks, QKV_Q4_0, 4, 32, -18}, all, QKV_INVALID_ARGUMENT, "weight.row_bytes = -18");
  refuse({blocks, QKV_Q8_0, INT64_MAX, 32, 0}, all, QKV_INVALID_ARGUMENT, "overflow");
  refuse({blocks, QKV_Q8_0, 4, INT64_MAX / 32 * 32, 0}, all, QKV_INVALID_ARGUMENT, "overflow");
  refuse({blocks, QKV_Q4_0, 4, 32, INT64_MAX}, all, QKV_INVALID_ARGUMENT, "overflow");
  refuse({nullptr, QKV_Q4_0, 4, 32, 0}, all, QKV_INVALID_ARGUMENT, "weight");
  refuse({packed + 100, QKV_Q4_0, 4, 32, 0}, all, QKV_INVALID_ARGUMENT, "packed");
  refuse({blocks, QKV_Q4_0, 4, 32, 0}, 100, QKV_WORKSPACE_TOO_SMALL, "bytes = 100");
  CHECK(qkv_matmul_pack_blocks(nullptr, packed, all) == QKV_INVALID_ARGUMENT);
  size_t bytes = 0;
  CHECK(qkv_matmul_pack_blocks_bytes(nullptr, &bytes) == QKV_INVALID_ARGUMENT);
}

TEST_CASE("quantised matmul: a plan tells format, tier and bytes") {
  const QuantizedProblem problem = quantized_problem(block_facts[1], 1, 320, 3, 1);
  const PackedBlocks packed(problem);
  const StagedTensor<float> input(problem.input, 2), output(Array<float>(problem.output_shape()), 2);
  const qkv_matmul_args args{sizeof args, input.view(), packed.data(), {}, output.view(), QKV_IDENTITY, nullptr};
  qkv_plan plan;
  REQUIRE(qkv_matmul_plan(&args, &plan) == QKV_OK);
  const qkv_plan_facts facts = qkv_plan_describe(&plan, 1);
  CHECK(std::string(facts.kernel) == "matmul.q4_1@" + std::string(qkv_isa_active()));
  CHECK(facts.bytes == 320 * 3 * 20 + 4 * (96 + 320));
}

}  // namespace qkv_test
