// SPDX-License-Identifier: Apache-2.0
// The gate itself: it lets an honest f32 computation through and catches the smallest faults.
#include <doctest/doctest.h>

#include <cmath>

#include "attention/attend.hpp"
#include "attention/problems.hpp"

namespace qkv_test {
namespace {

struct Fault {
  float scale_factor = 1;
  int64_t skipped_key = -1;  // left out of the sum
  int64_t extra_keys = 0;    // keys past key_count that are counted
};

AttentionProblem long_problem(uint64_t seed) {
  AttentionProblem shape{.query_heads = 2, .queries = 16, .keys = 200, .key_dim = 64, .value_dim = 64};
  shape.key_count = {199};
  return gaussian_problem(shape, seed);
}

// Three passes in f32, as anyone would write attention first.
void plain_row(const AttentionProblem& problem, const Fault& fault, int64_t h, int64_t row, AttentionResult& result) {
  const float scale = fault.scale_factor / std::sqrt(static_cast<float>(problem.key_dim));
  std::vector<float> logits;
  std::vector<int64_t> keys;
  float max = -std::numeric_limits<float>::infinity(), sum = 0;
  for (int64_t j = 0; j < problem.key_count[0] + fault.extra_keys; j++) {
    if (j == fault.skipped_key) continue;
    float dot = 0;
    for (int64_t i = 0; i < problem.key_dim; i++) dot += problem.query(0, h, row, i) * problem.key(0, 0, j, i);
    keys.push_back(j);
    logits.push_back(dot * scale);
    max = std::max(max, logits.back());
  }
  for (float& logit : logits) sum += logit = std::exp(logit - max);
  for (size_t i = 0; i < keys.size(); i++) {
    for (int64_t c = 0; c < problem.value_dim; c++) {
      result.output(0, h, row, c) += logits[i] / sum * problem.value(0, 0, keys[i], c);
    }
    result.weights(0, h, row, keys[i]) = logits[i] / sum;
  }
  result.lse(0, 0, h, row) = max + std::log(sum);
}

AttentionResult plain_attention(const AttentionProblem& problem, const Fault& fault) {
  AttentionResult result{Array<float>(problem.output_shape()), Array<float>(problem.lse_shape()),
                         Array<float>(problem.weights_shape())};
  for_each_index(problem.lse_shape(),
                 [&](int64_t, int64_t, int64_t h, int64_t row) { plain_row(problem, fault, h, row, result); });
  return result;
}

}  // namespace

TEST_CASE("gate: an honest f32 computation passes") {
  for (uint64_t seed = 1; seed <= 20; seed++) {
    const AttentionProblem problem = long_problem(seed);
    CHECK(first_failure(plain_attention(problem, {}), attention_reference(problem)) == "");
  }
}

TEST_CASE("gate: a dropped key, a key too many and a scale wrong by 1e-5 are caught") {
  const std::vector<Fault> faults{{.skipped_key = 0}, {.skipped_key = 77},        {.skipped_key = 198},
                                  {.extra_keys = 1},  {.scale_factor = 1.00001f}, {.scale_factor = 0.99999f}};
  for (uint64_t seed = 1; seed <= 20; seed++) {
    const AttentionProblem problem = long_problem(seed);
    const AttentionReference reference = attention_reference(problem);
    for (const Fault& fault : faults) {
      const AttentionResult result = plain_attention(problem, fault);
      CAPTURE(fault.skipped_key);
      CAPTURE(fault.scale_factor);
      CHECK(first_failure("output", result.output, reference.output) != "");
      CHECK(first_failure("weights", result.weights, reference.weights) != "");
      // The logarithm of a sum over 199 keys hardly moves with the scale.
      if (fault.scale_factor == 1) CHECK(first_failure("lse", result.lse, reference.lse) != "");
    }
  }
}

TEST_CASE("gate: NaN and infinity are only equal to themselves") {
  Expected expected({1, 1, 1, 2});
  Array<float> actual({1, 1, 1, 2});
  expected.error(0, 0) = 1e30;
  actual(0, 0) = std::numeric_limits<float>::quiet_NaN();
  CHECK(first_failure("x", actual, expected) != "");
  actual(0, 0) = std::numeric_limits<float>::infinity();
  CHECK(first_failure("x", actual, expected) != "");
  expected.value(0, 0) = -std::numeric_limits<double>::infinity();
  CHECK(first_failure("x", actual, expected) != "");
  expected.value(0, 0) = std::numeric_limits<double>::infinity();
  CHECK(first_failure("x", actual, expected) == "");
  expected.value(0, 0) = std::numeric_limits<double>::quiet_NaN();
  CHECK(first_failure("x", actual, expected) != "");
}

}  // namespace qkv_test
