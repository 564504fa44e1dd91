// SPDX-License-Identifier: Apache-2.0
// What attention means in every corner: one test per promise in qkv/attention.h.
#include <doctest/doctest.h>

#include <cfloat>
#include <limits>

#include "attention/attend.hpp"
#include "attention/problems.hpp"
#include "support/bits.hpp"
#include "support/tiers.hpp"

namespace qkv_test {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

// A decode step and a prefill, both with groups, tails in every axis and more than one batch entry.
std::vector<AttentionProblem> phases() {
  const AttentionProblem decode{
      .batch = 2, .query_heads = 6, .key_heads = 2, .queries = 3, .keys = 37, .key_dim = 20, .value_dim = 13};
  AttentionProblem prefill = decode;
  prefill.queries = 21;
  return {gaussian_problem(decode, 1), gaussian_problem(prefill, 2)};
}

bool all_equal(const Array<float>& array, float value) {
  return std::ranges::all_of(array.values(), [value](float element) { return element == value; });
}

void check_nothing_visible(AttentionProblem problem) {
  poison_invisible(problem);
  for_each_tier([&](const std::string& tier) {
    INFO("on ", tier, ": ", describe(problem));
    const AttentionResult result = attend(problem, {.weights = true});
    CHECK(all_equal(result.output, 0));
    CHECK(all_equal(result.lse, -infinity));
    CHECK(all_equal(result.weights, 0));
  });
}

// Output and weights as in `expected`, whatever happens to lse.
void check_same_softmax(const AttentionProblem& problem, const AttentionProblem& expected) {
  const AttentionReference reference = attention_reference(expected);
  for_each_tier([&](const std::string& tier) {
    INFO("on ", tier, ": ", describe(problem));
    const AttentionResult result = attend(problem, {.weights = true});
    CHECK(first_failure("output", result.output, reference.output) == "");
    CHECK(first_failure("weights", result.weights, reference.weights) == "");
  });
}

}  // namespace

TEST_CASE("semantics: a row without a visible key is zeros with lse -inf, whatever hides the keys") {
  for (const AttentionProblem& shape : phases()) {
    AttentionProblem problem = shape;
    problem.key_count = {0, 0};
    check_nothing_visible(problem);
    problem = shape;
    problem.causal = true;
    problem.first_query_position = {-shape.queries, -1000};
    check_nothing_visible(problem);
    problem = shape;
    problem.mask = Array<uint8_t>({1, 1, 1, 1}, 0);
    check_nothing_visible(problem);
    problem = shape;
    problem.bias = Array<float>({1, 1, 1, 1}, -infinity);
    check_nothing_visible(problem);
  }
}

TEST_CASE("semantics: rows without a visible key stand beside rows that have some") {
  for (AttentionProblem problem : phases()) {
    problem.causal = true;
    problem.first_query_position = {-2, 5};
    problem.key_count = {37, 0};
    poison_invisible(problem);
    check_on_every_tier(problem);
  }
}

TEST_CASE("semantics: a finite bias hides nothing, however negative") {
  for (float bias : {-1e4f, -1e9f, -1e30f, -FLT_MAX}) {
    for (AttentionProblem problem : phases()) {
      problem.query = Array<float>(problem.query_shape());  // flat logits: the bias alone decides
      const AttentionProblem unbiased = problem;
      problem.bias = Array<float>(problem.weights_shape(), bias);
      CAPTURE(bias);
      check_same_softmax(problem, unbiased);
      check_on_every_tier(problem);  // lse as well
    }
  }
}

TEST_CASE("semantics: among huge negative biases the greatest wins") {
  for (AttentionProblem problem : phases()) {
    AttentionProblem half = problem;
    problem.bias = Array<float>({1, 1, 1, problem.keys}, -FLT_MAX / 2);
    half.mask = Array<uint8_t>({1, 1, 1, problem.keys}, 1);
    problem.query = half.query = Array<float>(problem.query_shape());
    for (int64_t j = 0; j < problem.keys; j += 2) {
      problem.bias(0, j) = -FLT_MAX;
      half.mask(0, j) = 0;
    }
    check_same_softmax(problem, half);
  }
}

TEST_CASE("semantics: huge finite mask values next to ordinary logits have weight 0") {
  for (float bias : {-1e4f, -1e9f, -1e30f, -FLT_MAX}) {
    for (AttentionProblem problem : phases()) {
      AttentionProblem hidden = problem;
      problem.bias = Array<float>({1, 1, problem.queries, problem.keys});
      hidden.mask = Array<uint8_t>({1, 1, problem.queries, problem.keys}, 1);
      for_each_index(problem.bias.shape(), [&](int64_t, int64_t, int64_t row, int64_t j) {
        if ((row + j) % 3 == 0) problem.bias(row, j) = bias;
        if ((row + j) % 3 == 0) hidden.mask(row, j) = 0;
      });
      check_same_softmax(problem, hidden);
    }
  }
}

TEST_CASE("semantics: a key is visible if every mask lets it be") {
  for (AttentionProblem problem : phases()) {
    Random random(base_seed());
    problem.causal = true;
    problem.first_query_position = {9, 20};
    problem.key_count = {25, 31};
    problem.mask = Array<uint8_t>(problem.weights_shape());
    for (uint8_t& mask : problem.mask.values()) mask = static_cast<uint8_t>(random.pick<int>({0, 1, 2, 128, 255}));
    problem.bias = random.gaussian_array(problem.weights_shape());
    for (float& bias : problem.bias.values()) bias = random.chance(0.2) ? -infinity : bias;
    poison_invisible(problem);
    check_on_every_tier(problem);
  }
}

TEST_CASE("semantics: contents of invisible keys and values never change one bit") {
  for (AttentionProblem problem : phases()) {
    problem.causal = true;
    problem.first_query_position = {3, 11};
    problem.key_count = {30, 8};
    problem.mask = Array<uint8_t>({1, 1, 1, problem.keys}, 1);
    problem.mask(0, 0) = problem.mask(0, 5) = 0;
    problem.bias = Array<float>({1, 1, 1, problem.keys});
    problem.bias(0, 2) = -infinity;
    AttentionProblem poisoned = problem;
    poison_invisible(poisoned);
    for_each_tier([&](const std::string& tier) {
      INFO("on ", tier, ": ", describe(problem));
      CHECK(bit_hash(attend(problem, {.weights = true})) == bit_hash(attend(poisoned, {.weights = true})));
    });
  }
}

TEST_CASE("semantics: a logit of -inf has weight 0, and a row of nothing else is zeros") {
  for (AttentionProblem problem : phases()) {
    for (float& q : problem.query.values()) q = 1 + std::abs(q);
    for (int64_t j = 0; j < problem.keys; j += 3) problem.key(0, 0, j, 4) = -infinity;
    for (int64_t j = 0; j < problem.keys; j++) problem.key(1, 1, j, 0) = -infinity;
    check_on_every_tier(problem);
  }
}

TEST_CASE("semantics: causal rows see keys up to first_query_position + row, at any position") {
  constexpr int64_t least = std::numeric_limits<int64_t>::min(), most = std::numeric_limits<int64_t>::max();
  for (AttentionProblem problem : phases()) {
    problem.causal = true;
    check_on_every_tier(problem);  // positions not given: 0
    for (int64_t first : {least, least + 1, int64_t{-2}, int64_t{1}, int64_t{15}, int64_t{36}, most - 3, most}) {
      problem.first_query_position = {first, 0};
      CAPTURE(first);
      check_on_every_tier(problem);
    }
  }
}

TEST_CASE("semantics: positions without causal mean nothing") {
  for (AttentionProblem problem : phases()) {
    const uint64_t plain = bit_hash(attend(problem));
    problem.first_query_position = {-7, 3};
    CHECK(bit_hash(attend(problem)) == plain);
  }
}

TEST_CASE("semantics: any finite scale") {
  for (AttentionProblem problem : phases()) {
    for (float scale : {0.0f, -0.0f, 1.0f, -0.25f, 3.5f, 1e-40f, 1e-30f}) {
      problem.scale = scale;
      check_on_every_tier(problem);
    }
    problem.scale = 1e30f;
    for (float& q : problem.query.values()) q *= 1e-30f;
    check_on_every_tier(problem);
  }
}

TEST_CASE("semantics: lse and weights are optional and do not change the output") {
  for (const AttentionProblem& problem : phases()) {
    for_each_tier([&](const std::string& tier) {
      CAPTURE(tier);
      const uint64_t plain = bit_hash(attend(problem, {.lse = false}).output);
      CHECK(bit_hash(attend(problem, {.lse = true}).output) == plain);
      CHECK(bit_hash(attend(problem, {.lse = false, .weights = true}).output) == plain);
    });
  }
}

TEST_CASE("semantics: empty problems succeed, read nothing and take null pointers") {
  for (const AttentionProblem& shape : phases()) {
    AttentionProblem problem = shape;
    problem.batch = 0;
    check_on_every_tier(gaussian_problem(problem, 1));
    problem = shape;
    problem.queries = 0;
    check_on_every_tier(gaussian_problem(problem, 1));
    problem = shape;
    problem.keys = 0;
    check_nothing_visible(gaussian_problem(problem, 1));
    problem = shape;
    problem.value_dim = 0;
    check_on_every_tier(gaussian_problem(problem, 1));
  }
}

TEST_CASE("semantics: the plan names the kernel it took") {
  for (const AttentionProblem& problem : phases()) {
    for_each_tier([&](const std::string& tier) {
      const StagedAttention staged(problem, {});
      qkv_plan plan;
      REQUIRE(qkv_attention_plan(&staged.args(), &plan) == QKV_OK);
      const std::string kernel = qkv_plan_describe(&plan, 1).kernel;
      CAPTURE(kernel);
      CHECK(kernel.starts_with("attention."));
      CHECK(kernel.ends_with("@" + tier));
    });
  }
}

}  // namespace qkv_test
