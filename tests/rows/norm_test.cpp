// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <limits>

#include "rows/determinism.hpp"

namespace qkv_test {
namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN();

struct Options {
  bool residual = false, weight = false, bias = false;
  float offset = 0;
};

NormProblem gaussian_norm(int32_t kind, int64_t rows, int64_t columns, const Options& options, uint64_t seed) {
  Random random(seed);
  NormProblem problem{.rows = rows, .columns = columns, .kind = kind};
  problem.input = random.gaussian_array(problem.shape());
  for (float& value : problem.input.values()) value += options.offset;
  if (options.residual) problem.residual = random.gaussian_array(problem.shape());
  if (options.weight) problem.weight = random.gaussian_array(problem.row_shape());
  if (options.bias) problem.bias = random.gaussian_array(problem.row_shape());
  return problem;
}

Options random_options(Random& random) {
  return {random.chance(0.5), random.chance(0.7), random.chance(0.5), random.pick<float>({0, 0, 1, -30, 1000})};
}

std::string describe(const NormProblem& problem) {
  return std::string(problem.kind == QKV_RMS_NORM ? "RMSNorm " : "LayerNorm ") + std::to_string(problem.rows) + " x " +
         std::to_string(problem.columns) + (problem.residual.present() ? " residual" : "") +
         (problem.weight.present() ? " weight" : "") + (problem.bias.present() ? " bias" : "");
}

void check(const NormProblem& problem, const RowCall& call = {}) {
  const Expected expected = norm_reference(problem);
  const uint64_t sum = bit_hash(norm_sum(problem));
  for_each_tier([&](const std::string& tier) {
    INFO("on ", tier, ": ", describe(problem));
    const NormResult result = call_norm(problem, true, call);
    CHECK(first_failure("output", result.output, expected) == "");
    CHECK(bit_hash(result.sum) == sum);
    CHECK(first_failure("output", call_norm(problem, false, call).output, expected) == "");
  });
}

}  // namespace

TEST_CASE("norm: every tail of the columns, every option, at both guard pages, in place") {
  for (int64_t columns = 1; columns <= 40; columns++) {
    for (uint64_t options = 0; options < 16; options++) {
      const bool residual = options & 1, weight = options & 2, bias = options & 4;
      const auto kind = static_cast<int32_t>(options >> 3);
      const NormProblem problem = gaussian_norm(kind, 3, columns, {residual, weight, bias}, options);
      check(problem, {.layout_seed = options});
      if (residual) check(problem, {.layout_seed = options, .in_place = true});
    }
  }
}

TEST_CASE("norm: output in place of the input without a residual") {
  for (int32_t kind : {QKV_LAYER_NORM, QKV_RMS_NORM}) {
    const NormProblem problem = gaussian_norm(kind, 5, 51, {.weight = true, .bias = true}, 1);
    for_each_tier([&](const std::string& tier) {
      CAPTURE(tier);
      const Array<float> apart = call_norm(problem, false).output;
      CHECK(bit_hash(call_norm(problem, false, {.in_place = true}).output) == bit_hash(apart));
    });
  }
}

TEST_CASE("norm: random shapes, offsets, epsilons, layouts, pools") {
  const int64_t count = case_count(2000);
  for (int64_t i = 0; i < count; i++) {
    const uint64_t seed = base_seed() + static_cast<uint64_t>(i);
    Random random(seed);
    CAPTURE(seed);
    const auto kind = static_cast<int32_t>(random.integer(0, 1));
    NormProblem problem =
        gaussian_norm(kind, random.integer(1, 9), random.integer(2, 400), random_options(random), seed);
    problem.epsilon = random.pick<float>({0, 1e-12f, 1e-6f, 1e-5f, 0.1f});
    const auto workers = static_cast<int32_t>(random.chance(0.3) ? random.integer(1, 7) : 0);
    check(problem, {.layout_seed = seed, .execution = {.workers = workers, .seed = seed}});
  }
}

TEST_CASE("norm: model widths") {
  for (int64_t columns : {384, 576, 768, 1024, 4096}) {
    for (int32_t kind : {QKV_LAYER_NORM, QKV_RMS_NORM}) {
      check(gaussian_norm(kind, 2, columns, {true, true, true, 0}, 1));
      check(gaussian_norm(kind, 2, columns, {false, true, true, 1000}, 2));
    }
  }
}

TEST_CASE("norm: a constant row becomes the bias") {
  NormProblem problem = gaussian_norm(QKV_LAYER_NORM, 2, 45, {.weight = true, .bias = true}, 1);
  for (float& value : problem.input.values()) value = 0.75f;
  for_each_tier([&](const std::string& tier) {
    CAPTURE(tier);
    const Array<float> output = call_norm(problem, false).output;
    for (int64_t j = 0; j < 45; j++) CHECK(std::abs(output(1, j) - problem.bias(0, j)) < 1e-4f);
  });
}

TEST_CASE("norm: NaN spoils its row, other rows keep their bits") {
  for (int32_t kind : {QKV_LAYER_NORM, QKV_RMS_NORM}) {
    const NormProblem clean = gaussian_norm(kind, 3, 53, {true, true, true}, 1);
    NormProblem spoiled = clean;
    spoiled.input(1, 52) = nan;
    check(spoiled);
    for_each_tier([&](const std::string& tier) {
      CAPTURE(tier);
      const Array<float> before = call_norm(clean, false).output, after = call_norm(spoiled, false).output;
      for (int64_t row : {0, 2}) CHECK(bit_hash(slice(before, 2, row, 1)) == bit_hash(slice(after, 2, row, 1)));
    });
  }
}

TEST_CASE("norm: no rows succeed") {
  check(gaussian_norm(QKV_LAYER_NORM, 0, 5, {}, 1));
}

TEST_CASE("norm: same row, same bits") {
  const int64_t count = case_count(300);
  for (int64_t i = 0; i < count; i++) {
    const uint64_t seed = base_seed() + static_cast<uint64_t>(i);
    Random random(seed);
    const auto kind = static_cast<int32_t>(i % 2);
    const NormProblem problem =
        gaussian_norm(kind, random.integer(1, 30), random.integer(1, 300), random_options(random), seed);
    const auto part = [&](int64_t first, int64_t rows) {
      NormProblem some = problem;
      some.rows = rows;
      some.input = slice(problem.input, 2, first, rows);
      some.residual = slice(problem.residual, 2, first, rows);
      return call_norm(some, false).output;
    };
    const auto whole = [&](const RowCall& call) { return call_norm(problem, true, call).output; };
    check_row_determinism(problem.rows, seed, whole, part);
  }
}

TEST_CASE("norm: workers that share a problem give the same bits") {
  for (int32_t kind : {QKV_LAYER_NORM, QKV_RMS_NORM}) {
    const NormProblem problem = gaussian_norm(kind, pooled_rows, pooled_columns, {true, true, true}, 1);
    check_pool_determinism([&](const RowCall& call) { return call_norm(problem, true, call).output; });
    check_pool_determinism([&](const RowCall& call) { return call_norm(problem, true, call).sum; });
  }
}

}  // namespace qkv_test
