// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <limits>

#include "matmul/multiply.hpp"
#include "support/bits.hpp"
#include "support/tiers.hpp"

namespace qkv_test {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

}  // namespace

TEST_CASE("matmul: every tail of m, n and k") {
  for (int64_t extent = 1; extent <= 40; extent++) {
    const auto seed = static_cast<uint64_t>(extent);
    check_on_every_tier(gaussian_matmul(extent, 33, 17, true, seed));
    check_on_every_tier(gaussian_matmul(7, extent, 19, true, seed));
    check_on_every_tier(gaussian_matmul(1, extent, 19, false, seed));
    check_on_every_tier(gaussian_matmul(5, 35, extent, false, seed));
    check_on_every_tier(gaussian_matmul(extent, extent, extent, true, seed));
  }
}

TEST_CASE("matmul: random shapes, layouts, activations, pools") {
  const int64_t count = case_count(2500);
  for (int64_t i = 0; i < count; i++) {
    const uint64_t seed = base_seed() + static_cast<uint64_t>(i);
    Random random(seed);
    CAPTURE(seed);
    const MatmulProblem problem = random_matmul(random, random.chance(0.05) ? 1 << 22 : 1 << 17);
    const auto workers = static_cast<int32_t>(random.chance(0.3) ? random.integer(1, 7) : 0);
    check_on_every_tier(problem, seed, {.workers = workers, .seed = seed});
  }
}

TEST_CASE("matmul: long sums and the projections of small models") {
  check_on_every_tier(gaussian_matmul(3, 5, 20000, true, 1));
  check_on_every_tier(gaussian_matmul(1, 1536, 384, true, 2));
  check_on_every_tier(gaussian_matmul(130, 384, 1536, true, 3));
  check_on_every_tier(gaussian_matmul(1, 2, 4097, false, 4));
}

TEST_CASE("matmul: every activation as epilogue") {
  for (int32_t kind = QKV_IDENTITY; kind <= QKV_SILU; kind++) {
    for (int64_t m : {1, 13}) {
      MatmulProblem problem = gaussian_matmul(m, 37, 16, true, static_cast<uint64_t>(kind));
      problem.activation = kind;
      check_on_every_tier(problem);
    }
  }
}

TEST_CASE("matmul: a weight stored [k, n] is packed by swapping strides") {
  const MatmulProblem problem = gaussian_matmul(6, 21, 11, false, 1);
  for_each_tier([&](const std::string& tier) {
    CAPTURE(tier);
    const PackedWeight plain(problem.weight, {}), transposed(problem.weight, dims_outside);
    REQUIRE(plain.size() == transposed.size());
    CHECK(std::memcmp(plain.data(), transposed.data(), plain.size()) == 0);
  });
}

TEST_CASE("matmul: k = 0 gives activation(bias), m = 0 and n = 0 give nothing") {
  for (bool with_bias : {true, false}) {
    MatmulProblem problem = gaussian_matmul(4, 9, 0, with_bias, 1);
    problem.activation = QKV_GELU;
    check_on_every_tier(problem);
  }
  check_on_every_tier(gaussian_matmul(0, 9, 5, true, 1));
  check_on_every_tier(gaussian_matmul(4, 0, 5, true, 1));
}

TEST_CASE("matmul: NaN and infinity in a row of input or weight stay in their row or column") {
  for (int64_t m : {1, 11}) {
    const MatmulProblem clean = gaussian_matmul(m, 35, 23, true, 1);
    for (float poison : {nan, infinity}) {
      for_each_tier([&](const std::string& tier) {
        CAPTURE(tier);
        MatmulProblem spoiled = clean;
        spoiled.input(m - 1, 22) = poison;
        spoiled.weight(34, 3) = poison;
        const Array<float> before = multiply(clean), after = multiply(spoiled);
        for_each_index(clean.output_shape(), [&](int64_t, int64_t, int64_t row, int64_t column) {
          const bool concerned = row == m - 1 || column == 34;
          CHECK(concerned == !std::isfinite(after(row, column)));
          if (!concerned) CHECK(after(row, column) == before(row, column));
        });
      });
    }
  }
}

TEST_CASE("matmul: a plan uses the tier its weight was packed for") {
  const MatmulProblem problem = gaussian_matmul(5, 40, 12, false, 1);
  for_each_tier([&](const std::string& tier) {
    const PackedWeight packed(problem.weight, {});
    const StagedTensor<float> input(problem.input, 2), output(Array<float>(problem.output_shape()), 2);
    const qkv_matmul_args args{sizeof args, input.view(), packed.data(), {}, output.view(), QKV_IDENTITY, nullptr};
    qkv_plan plan;
    REQUIRE(qkv_matmul_plan(&args, &plan) == QKV_OK);
    const std::string kernel = qkv_plan_describe(&plan, 1).kernel;
    CAPTURE(kernel);
    CHECK(kernel.ends_with("@" + tier));
    REQUIRE(qkv_isa_set_max("generic") == QKV_OK);
    REQUIRE(qkv_matmul_plan(&args, &plan) == QKV_OK);
    CHECK(kernel == qkv_plan_describe(&plan, 1).kernel);
    REQUIRE(execute(matmul_operation, args) == QKV_OK);
    CHECK(first_failure("output", output.gather(), matmul_reference(problem)) == "");
  });
}

TEST_CASE("matmul: same row, same bits: workers, pools, neighbours, strides, floating-point mode") {
  const int64_t count = case_count(400);
  for (int64_t i = 0; i < count; i++) {
    const uint64_t seed = base_seed() + static_cast<uint64_t>(i);
    Random random(seed);
    const MatmulProblem problem = random_matmul(random, 1 << 17);
    const int64_t first = random.integer(0, problem.m - 1), rows = random.integer(1, problem.m - first);
    MatmulProblem part = problem;
    part.m = rows;
    part.input = problem.m == 1 ? problem.input : slice(problem.input, 2, first, rows);
    for_each_tier([&](const std::string& tier) {
      INFO("on ", tier, ", seed ", seed, ": ", describe(problem));
      const Array<float> whole = multiply(problem);
      const uint64_t hash = bit_hash(whole);
      CHECK(bit_hash(multiply(problem)) == hash);
      CHECK(bit_hash(multiply(problem, seed)) == hash);
      CHECK(bit_hash(multiply(problem, 0, {.workers = static_cast<int32_t>(1 + i % 7), .seed = seed})) == hash);
      CHECK(bit_hash(multiply(problem, 0, {.mode = unusual_float_modes()[seed % 4]})) == hash);
      CHECK(bit_hash(multiply(part)) == bit_hash(slice(whole, 2, first, rows)));
    });
  }
}

TEST_CASE("matmul: real threads give the same bits") {
  const MatmulProblem problem = gaussian_matmul(150, 200, 64, true, 1);
  for_each_tier([&](const std::string& tier) {
    CAPTURE(tier);
    const uint64_t hash = bit_hash(multiply(problem));
    for (int32_t workers = 1; workers <= 7; workers++) {
      const Execution execution{.workers = workers, .threads = true, .mode = unusual_float_modes()[3]};
      CHECK(bit_hash(multiply(problem, 0, execution)) == hash);
    }
  });
}

}  // namespace qkv_test
