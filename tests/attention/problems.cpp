// SPDX-License-Identifier: Apache-2.0
#include "attention/problems.hpp"

#include <limits>

#include "support/bits.hpp"

namespace qkv_test {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

int64_t work_of(const AttentionProblem& p) {
  return p.batch * p.query_heads * p.queries * p.keys * (p.key_dim + p.value_dim);
}

// Halves extents until the problem is small enough; halves of edge extents are edge extents.
void shrink(AttentionProblem& problem, Random& random, int64_t limit) {
  int64_t group = problem.group();
  int64_t* extents[] = {&problem.batch,   &problem.key_heads, &group,           &problem.queries,  &problem.keys,
                        &problem.queries, &problem.keys,      &problem.key_dim, &problem.value_dim};
  while (work_of(problem) > limit) {
    int64_t& extent = *extents[random.integer(0, 8)];
    extent = std::max<int64_t>(1, extent / 2 + (extent > 3 ? random.integer(0, 1) : 0));
    problem.query_heads = problem.key_heads * group;
  }
}

void choose_shape(AttentionProblem& problem, Random& random, const Limits& limits) {
  problem.batch = random.pick<int64_t>({1, 1, 1, 2, 3});
  problem.key_heads = random.pick<int64_t>({1, 1, 2, 3});
  problem.query_heads = problem.key_heads * (random.chance(0.5) ? 1 : random.integer(2, 9));
  problem.queries = limits.decode ? random.integer(1, 8) : random.pick(edge_extents());
  problem.keys = random.chance(0.9) ? random.pick(edge_extents()) : random.integer(1, 1200);
  problem.key_dim = random.chance(0.7) ? random.pick(head_dims()) : random.integer(1, 288);
  problem.value_dim = random.chance(0.7) ? problem.key_dim : random.pick(head_dims());
  shrink(problem, random, limits.work);
}

void choose_positions(AttentionProblem& problem, Random& random) {
  problem.causal = random.chance(0.4);
  if (random.chance(0.15)) problem.window_left = random.integer(1, problem.keys + 2);
  if (random.chance(0.1)) problem.window_right = random.integer(1, problem.keys + 2);
  if (random.chance(0.6)) {
    for (int64_t b = 0; b < problem.batch; b++) {
      problem.first_query_position.push_back(random.chance(0.5) ? problem.keys - problem.queries
                                                                : random.integer(-3, problem.keys + 2));
    }
  }
  if (random.chance(0.4)) {
    for (int64_t b = 0; b < problem.batch; b++) problem.key_count.push_back(random.integer(0, problem.keys));
  }
}

Shape broadcast_shape(const AttentionProblem& problem, Random& random) {
  Shape shape = problem.weights_shape();
  for (int64_t& extent : shape) {
    if (random.chance(0.4)) extent = 1;
  }
  return shape;
}

void choose_masks(AttentionProblem& problem, Random& random) {
  if (random.chance(0.25)) {
    problem.bias = random.gaussian_array(broadcast_shape(problem, random), 2);
    const double hidden = random.pick<double>({0, 0.1, 0.5, 0.95});
    for (float& bias : problem.bias.values()) bias = random.chance(hidden) ? -infinity : bias;
  }
  if (random.chance(0.25)) {
    problem.mask = Array<uint8_t>(broadcast_shape(problem, random));
    const double shown = random.pick<double>({0.02, 0.5, 0.9, 1});
    for (uint8_t& mask : problem.mask.values()) {
      mask = static_cast<uint8_t>(random.chance(shown) ? random.integer(1, 255) : 0);
    }
  }
}

void choose_scale(AttentionProblem& problem, Random& random) {
  if (random.chance(0.7)) return;
  problem.scale = random.pick<float>({0.0f, 1.0f, -0.3f, 0.125f, 0.0441941738f});
}

// The same keys for all batch entries or heads, as a view with stride 0.
void share_keys(AttentionProblem& problem, Random& random) {
  const size_t axis = random.chance(0.5) ? 0 : 1;
  problem.key = slice(problem.key, axis, 0, 1);
  if (random.chance(0.5)) problem.value = slice(problem.value, axis, 0, 1);
}

}  // namespace

const std::vector<int64_t>& edge_extents() {
  static const std::vector<int64_t> extents{1,  2,  3,  4,  5,  7,  8,   9,   15,  16,  17,  31, 32,
                                            33, 48, 63, 64, 65, 96, 127, 128, 129, 255, 256, 257};
  return extents;
}

const std::vector<int64_t>& head_dims() {
  static const std::vector<int64_t> dims{1,  2,  3,  4,  5,  7,  8,  9,  12, 15,  16,  17,  20,  24,  31,  32,
                                         33, 40, 48, 63, 64, 65, 72, 80, 96, 112, 127, 128, 129, 192, 256, 288};
  return dims;
}

AttentionProblem random_problem(Random& random, const Limits& limits) {
  AttentionProblem problem;
  choose_shape(problem, random, limits);
  choose_positions(problem, random);
  choose_scale(problem, random);
  const Family& family = random.pick(families());
  family.fill(problem, random);
  problem.family = family.name;
  choose_masks(problem, random);
  if (random.chance(0.05)) share_keys(problem, random);
  poison_invisible(problem);
  return problem;
}

AttentionProblem gaussian_problem(AttentionProblem shape, uint64_t seed) {
  Random random(seed);
  fill_gaussian(shape, random);
  return shape;
}

void poison_invisible(AttentionProblem& problem) {
  const Shape& keys = problem.key.shape();
  const Shape& values = problem.value.shape();
  Array<uint8_t> seen_key({keys[0], keys[1], keys[2], 1}), seen_value({values[0], values[1], values[2], 1});
  Array<uint8_t> seen_bias(problem.bias.present() ? problem.bias.shape() : Shape{1, 1, 1, 1});
  for_each_index(problem.weights_shape(), [&](int64_t b, int64_t h, int64_t row, int64_t j) {
    if (visible(problem, b, h, row, j)) {
      seen_key(b, h / problem.group(), j, 0) = seen_value(b, h / problem.group(), j, 0) = 1;
    }
    if (unmasked(problem, b, h, row, j)) seen_bias(b, h, row, j) = 1;
  });
  for_each_index(keys, [&](int64_t b, int64_t h, int64_t j, int64_t i) {
    if (!seen_key(b, h, j, 0)) problem.key(b, h, j, i) = (i + j) % 2 == 0 ? nan : infinity;
  });
  for_each_index(values, [&](int64_t b, int64_t h, int64_t j, int64_t c) {
    if (!seen_value(b, h, j, 0)) problem.value(b, h, j, c) = (c + j) % 2 == 0 ? nan : -infinity;
  });
  if (!problem.bias.present()) return;
  for_each_index(problem.bias.shape(), [&](int64_t b, int64_t h, int64_t row, int64_t j) {
    if (!seen_bias(b, h, row, j)) problem.bias(b, h, row, j) = j % 2 == 0 ? nan : infinity;
  });
}

}  // namespace qkv_test
