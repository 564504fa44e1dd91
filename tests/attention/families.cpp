// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "attention/problems.hpp"

namespace qkv_test {
namespace {

void fill(AttentionProblem& problem, Random& random, float query_deviation, float key_deviation) {
  problem.query = random.gaussian_array(problem.query_shape(), query_deviation);
  problem.key = random.gaussian_array(problem.key_shape(), key_deviation);
  problem.value = random.gaussian_array(problem.value_shape());
}

void fill_times_8(AttentionProblem& problem, Random& random) {
  fill(problem, random, 8, 1);
}
void fill_times_64(AttentionProblem& problem, Random& random) {
  fill(problem, random, 8, 8);
}

// Adds `logit(key)` to every logit of a row: query component 0 is 1, and key component 0 carries it.
template <typename Logit>
void set_trend(AttentionProblem& problem, Random& random, const Logit& logit) {
  fill(problem, random, 1, 1);
  const double scale =
      problem.scale ? static_cast<double>(*problem.scale) : 1 / std::sqrt(static_cast<double>(problem.key_dim));
  for_each_index(problem.query_shape(), [&](int64_t b, int64_t h, int64_t row, int64_t i) {
    if (i == 0) problem.query(b, h, row, i) = 1;
  });
  for_each_index(problem.key_shape(), [&](int64_t b, int64_t h, int64_t j, int64_t i) {
    if (i == 0) problem.key(b, h, j, i) = static_cast<float>(logit(j) / (scale == 0 ? 1 : scale));
  });
}

// The maximum moves with every key: every tile rescales.
void fill_rising(AttentionProblem& problem, Random& random) {
  set_trend(problem, random, [](int64_t j) { return 0.5 * static_cast<double>(j); });
}

// One early key takes nearly all weight.
void fill_sink(AttentionProblem& problem, Random& random) {
  set_trend(problem, random, [](int64_t j) { return j == 0 ? 20.0 : 0.0; });
}

void fill_max_at_last(AttentionProblem& problem, Random& random) {
  const int64_t last = problem.keys - 1;
  set_trend(problem, random, [last](int64_t j) { return j == last ? 30.0 : 0.0; });
}

void fill_equal_logits(AttentionProblem& problem, Random& random) {
  fill(problem, random, 1, 1);
  for_each_index(problem.key_shape(), [&](int64_t b, int64_t h, int64_t j, int64_t i) {
    problem.key(b, h, j, i) = problem.key(b, h, 0, i);
  });
}

// Products of a dot product cancel in pairs, and so do values of neighbouring keys.
void fill_cancelling(AttentionProblem& problem, Random& random) {
  fill(problem, random, 1, 1);
  for_each_index(problem.query_shape(), [&](int64_t b, int64_t h, int64_t row, int64_t i) {
    if (i % 2 == 1) problem.query(b, h, row, i) = -problem.query(b, h, row, i - 1);
  });
  for_each_index(problem.key_shape(), [&](int64_t b, int64_t h, int64_t j, int64_t i) {
    if (i % 2 == 1) problem.key(b, h, j, i) = problem.key(b, h, j, i - 1) + random.gaussian(0.01f);
  });
  for_each_index(problem.value_shape(), [&](int64_t b, int64_t h, int64_t j, int64_t c) {
    if (j % 2 == 1) problem.value(b, h, j, c) = -problem.value(b, h, j - 1, c) + random.gaussian(0.001f);
  });
}

void fill_offset_values(AttentionProblem& problem, Random& random) {
  fill(problem, random, 1, 1);
  for (float& value : problem.value.values()) value += 1000;
}

// Flat logits, and values that tell which keys were counted.
void fill_one_hot(AttentionProblem& problem, Random& random) {
  fill(problem, random, 0, 1);
  for_each_index(problem.value_shape(), [&](int64_t b, int64_t h, int64_t j, int64_t c) {
    const int64_t turn = j / problem.value_dim;
    problem.value(b, h, j, c) = j % problem.value_dim == c ? static_cast<float>(1 + turn) : 0;
  });
}

}  // namespace

void fill_gaussian(AttentionProblem& problem, Random& random) {
  fill(problem, random, 1, 1);
}

void fill_huge(AttentionProblem& problem, Random& random) {
  set_trend(problem, random, [](int64_t j) {
    const double sizes[] = {4.7e4, -1e6, 5e4, -1e30, 4.8e4, 5.2e4};
    return sizes[(j / 5) % 6] * (j % 5 == 0 ? 1 : 0.5);
  });
}

const std::vector<Family>& families() {
  static const std::vector<Family> all{{"gaussian", fill_gaussian},
                                       {"x8", fill_times_8},
                                       {"x64", fill_times_64},
                                       {"rising along keys", fill_rising},
                                       {"sink", fill_sink},
                                       {"maximum at the last key", fill_max_at_last},
                                       {"equal logits", fill_equal_logits},
                                       {"cancelling", fill_cancelling},
                                       {"values + 1000", fill_offset_values},
                                       {"one-hot values", fill_one_hot}};
  return all;
}

}  // namespace qkv_test
