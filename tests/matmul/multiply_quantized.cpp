// SPDX-License-Identifier: Apache-2.0
#include "matmul/multiply_quantized.hpp"

#include <bit>
#include <optional>

#include "support/tiers.hpp"

namespace qkv_test {
namespace {

const float canary = std::bit_cast<float>(0x7fc0dead);

Layout next_layout(uint64_t seed, Random& random) {
  return seed == 0 ? Layout{} : random_layout(random);
}

// Of the problem, in memory of their own.
class StagedBlocks {
 public:
  StagedBlocks(const QuantizedProblem& problem, int64_t gap)
      : memory_(static_cast<size_t>(problem.n * (problem.row_bytes() + gap) - (problem.n > 0 ? gap : 0)),
                Placement::back) {
    const auto row = static_cast<size_t>(problem.row_bytes());
    matrix = {memory_.data(), problem.facts.format, problem.n, problem.k, gap == 0 ? 0 : problem.row_bytes() + gap};
    if (memory_.size() > 0) std::memset(memory_.data(), 0xff, memory_.size());
    for (size_t i = 0; row > 0 && i < static_cast<size_t>(problem.n); i++)
      std::memcpy(memory_.data() + i * (row + static_cast<size_t>(gap)), problem.blocks.data() + i * row, row);
  }
  qkv_block_matrix matrix;

 private:
  GuardedMemory memory_;
};

GuardedMemory memory_for(const QuantizedProblem& problem) {
  const qkv_block_matrix matrix{nullptr, problem.facts.format, problem.n, problem.k, 0};
  size_t bytes = 0;
  REQUIRE_MESSAGE(qkv_matmul_pack_blocks_bytes(&matrix, &bytes) == QKV_OK, std::string(qkv_error_message()));
  return {bytes, bytes % 64 == 0 ? Placement::back : Placement::front};
}

// An f16 of 2^-exponent times 1 to 2.
void put_half(Random& random, int exponent, unsigned char* to) {
  const auto sign = static_cast<int>(random.integer(0, 1));
  const int bits = sign << 15 | (15 - exponent) << 10 | static_cast<int>(random.integer(0, 1023));
  to[0] = static_cast<unsigned char>(bits & 255);
  to[1] = static_cast<unsigned char>(bits >> 8);
}

void put_scales(const BlockFacts& facts, Random& random, unsigned char* block) {
  if (facts.format == QKV_Q6_K) return put_half(random, 11, block + 208);
  const int exponent = facts.format == QKV_Q8_0 ? 7 : facts.format == QKV_Q4_K ? 9 : 3;
  put_half(random, exponent, block);
  if (facts.format == QKV_Q4_1) put_half(random, 0, block + 2);
  if (facts.format == QKV_Q4_K) put_half(random, 6, block + 2);
}

}  // namespace

PackedBlocks::PackedBlocks(const QuantizedProblem& problem, int64_t gap) : memory_(memory_for(problem)) {
  const StagedBlocks staged(problem, gap);
  std::memset(memory_.data(), 0xff, memory_.size());
  REQUIRE_MESSAGE(qkv_matmul_pack_blocks(&staged.matrix, data(), size()) == QKV_OK, std::string(qkv_error_message()));
}

Array<float> multiply(const QuantizedProblem& problem, uint64_t layout_seed, const Execution& execution,
                      const qkv_tuning* tuning) {
  Random random(layout_seed);
  const PackedBlocks packed(problem, layout_seed == 0 ? 0 : random.integer(0, 5));
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
  REQUIRE_MESSAGE(output.gaps_unchanged(), "memory between output elements written to: ", describe(problem));
  return output.gather();
}

QuantizedProblem quantized_problem(const BlockFacts& facts, int64_t m, int64_t n, int64_t blocks, uint64_t seed) {
  Random random(seed);
  QuantizedProblem problem{.m = m, .n = n, .k = blocks * facts.elements, .facts = facts};
  problem.input = random.gaussian_array(problem.input_shape());
  if (random.chance(0.5)) problem.bias = random.gaussian_array(problem.bias_shape());
  problem.blocks.resize(static_cast<size_t>(n * problem.row_bytes()));
  for (unsigned char& byte : problem.blocks) byte = static_cast<unsigned char>(random.integer(0, 255));
  for (size_t at = 0; at < problem.blocks.size(); at += static_cast<size_t>(facts.bytes))
    put_scales(facts, random, problem.blocks.data() + at);
  return problem;
}

void check_on_every_tier(const QuantizedProblem& problem, uint64_t layout_seed, const Execution& execution) {
  const Expected expected = quantized_reference(problem);
  for_each_quantized_tier([&](const std::string& tier) {
    INFO("on ", tier, ": ", describe(problem), ", layouts ", layout_seed);
    CHECK(first_failure("output", multiply(problem, layout_seed, execution), expected) == "");
  });
}

}  // namespace qkv_test
