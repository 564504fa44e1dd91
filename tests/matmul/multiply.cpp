// SPDX-License-Identifier: Apache-2.0
#include "matmul/multiply.hpp"

#include <bit>

#include "support/tiers.hpp"

namespace qkv_test {
namespace {

const float canary = std::bit_cast<float>(0x7fc0dead);

Layout next_layout(uint64_t seed, Random& random) {
  return seed == 0 ? Layout{} : random_layout(random);
}

const std::vector<int64_t>& extents() {
  static const std::vector<int64_t> all{1,  2,  3,  4,  5,  6,  7,  8,  9,  15,  16,  17,  31,  32,  33,
                                        47, 48, 49, 63, 64, 65, 95, 96, 97, 127, 128, 129, 192, 257, 300};
  return all;
}

void spread_magnitudes(Array<float>& array, Random& random) {
  for (float& value : array.values()) value *= std::exp2(static_cast<float>(random.integer(-20, 20)));
}

void make_positive(Array<float>& array) {
  for (float& value : array.values()) value = std::abs(value);
}

void make_cancelling(MatmulProblem& problem) {
  for (int64_t row = 0; row < problem.m; row++) {
    for (int64_t i = 1; i < problem.k; i += 2) problem.input(row, i) = -problem.input(row, i - 1);
  }
  for (int64_t row = 0; row < problem.n; row++) {
    for (int64_t i = 1; i < problem.k; i += 2) problem.weight(row, i) = problem.weight(row, i - 1) * 1.0001f;
  }
}

}  // namespace

GuardedMemory PackedWeight::memory_for(const qkv_tensor& weight) {
  size_t bytes = 0;
  REQUIRE_MESSAGE(qkv_matmul_pack_bytes(&weight, &bytes) == QKV_OK, std::string(qkv_error_message()));
  // The end of a page is 64-byte aligned only for multiples of 64 bytes.
  return {bytes, bytes % 64 == 0 ? Placement::back : Placement::front};
}

PackedWeight::PackedWeight(const Array<float>& weight, const Layout& layout)
    : weight_(weight, 2, layout), memory_(memory_for(weight_.view())) {
  std::memset(memory_.data(), 0xff, memory_.size());
  const qkv_tensor view = weight_.view();
  REQUIRE_MESSAGE(qkv_matmul_pack(&view, data(), size()) == QKV_OK, std::string(qkv_error_message()));
  REQUIRE(weight_.unchanged());
}

Array<float> multiply(const MatmulProblem& problem, uint64_t layout_seed, const Execution& execution,
                      const qkv_tuning* tuning) {
  Random random(layout_seed);
  const PackedWeight packed(problem.weight, next_layout(layout_seed, random));
  const StagedTensor<float> input(problem.input, 2, next_layout(layout_seed, random));
  const StagedTensor<float> bias(problem.bias, problem.bias_shape(), 1, next_layout(layout_seed, random));
  const StagedTensor<float> output(Array<float>(problem.output_shape(), canary), 2, next_layout(layout_seed, random));
  qkv_matmul_args args = {};
  args.size = sizeof args;
  args.input = input.view();
  args.weight = packed.data();
  args.bias = bias.view();
  args.output = output.view();
  args.activation = problem.activation;
  args.tuning = tuning;
  REQUIRE_MESSAGE(execute(matmul_operation, args, execution) == QKV_OK, std::string(qkv_error_message()));
  REQUIRE_MESSAGE(input.unchanged(), "input written to: ", describe(problem));
  REQUIRE_MESSAGE(bias.unchanged(), "bias written to: ", describe(problem));
  REQUIRE_MESSAGE(output.gaps_unchanged(), "memory between output elements written to: ", describe(problem));
  return output.gather();
}

MatmulProblem gaussian_matmul(int64_t m, int64_t n, int64_t k, bool with_bias, uint64_t seed) {
  Random random(seed);
  MatmulProblem problem{.m = m, .n = n, .k = k};
  problem.input = random.gaussian_array(problem.input_shape());
  problem.weight = random.gaussian_array(problem.weight_shape());
  if (with_bias) problem.bias = random.gaussian_array(problem.bias_shape());
  return problem;
}

MatmulProblem random_matmul(Random& random, int64_t work) {
  int64_t extent[] = {random.pick(extents()), random.pick(extents()), random.pick(extents())};
  while (extent[0] * extent[1] * extent[2] > work) {
    int64_t& chosen = extent[random.integer(0, 2)];
    chosen = std::max<int64_t>(1, chosen / 2 + (chosen > 3 ? random.integer(0, 1) : 0));
  }
  const auto seed = static_cast<uint64_t>(random.integer(0, 1 << 30));
  MatmulProblem problem = gaussian_matmul(extent[0], extent[1], extent[2], random.chance(0.5), seed);
  if (random.chance(0.5)) problem.activation = static_cast<int32_t>(random.integer(QKV_IDENTITY, QKV_SILU));
  const int64_t family = random.integer(0, 5);
  if (family == 0) make_cancelling(problem);
  if (family == 1) spread_magnitudes(problem.input, random);
  if (family == 2) spread_magnitudes(problem.weight, random);
  if (family == 3) make_positive(problem.input);
  if (family == 3) make_positive(problem.weight);
  return problem;
}

void check_on_every_tier(const MatmulProblem& problem, uint64_t layout_seed, const Execution& execution) {
  const Expected expected = matmul_reference(problem);
  for_each_tier([&](const std::string& tier) {
    INFO("on ", tier, ": ", describe(problem), ", layouts ", layout_seed);
    CHECK(first_failure("output", multiply(problem, layout_seed, execution), expected) == "");
  });
}

}  // namespace qkv_test
