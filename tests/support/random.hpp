// SPDX-License-Identifier: Apache-2.0
// Seeded random numbers, and how many random problems a run makes. QKV_TEST_SEED and QKV_TEST_CASES steer both.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "support/array.hpp"

namespace qkv_test {

// QKV_TEST_SEED, or 1. Random problem i of a test has the seed base_seed() + i: a failure is repeated as the first
// problem with QKV_TEST_SEED=<its seed> QKV_TEST_CASES=1.
uint64_t base_seed();

// `full` scaled by QKV_TEST_CASES / 5000, at least 1. 5000 is the number of random attention problems of a full run.
int64_t case_count(int64_t full);

// A run under emulation or sanitizers, where an instruction costs a hundred: fewer shapes in the tests by hand as well.
bool brief_run();

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed * 0x9e3779b97f4a7c15u + 1) {}

  int64_t integer(int64_t low, int64_t high) { return std::uniform_int_distribution<int64_t>(low, high)(engine_); }
  bool chance(double probability) { return uniform(0, 1) < probability; }
  double uniform(double low, double high) { return std::uniform_real_distribution<double>(low, high)(engine_); }
  float gaussian(float deviation = 1) { return deviation * normal_(engine_); }
  template <typename T>
  const T& pick(const std::vector<T>& choices) {
    return choices[static_cast<size_t>(integer(0, static_cast<int64_t>(choices.size()) - 1))];
  }
  template <typename T>
  void shuffle(T& sequence) {
    std::shuffle(sequence.begin(), sequence.end(), engine_);
  }
  Array<float> gaussian_array(const Shape& shape, float deviation = 1) {
    Array<float> array(shape);
    for (float& value : array.values()) value = gaussian(deviation);
    return array;
  }

 private:
  std::mt19937_64 engine_;
  std::normal_distribution<float> normal_;
};

}  // namespace qkv_test
