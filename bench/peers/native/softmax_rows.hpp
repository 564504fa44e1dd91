// SPDX-License-Identifier: Apache-2.0
// The vectorised softmax between the two products of a peer that has only products.
#pragma once

#include <xsimd/xsimd.hpp>

#include <cstdint>
#include <limits>

namespace qkv::peers {

using Batch = xsimd::batch<float>;
constexpr auto lanes = static_cast<int64_t>(Batch::size);

inline float row_max(const float* row, int64_t count) {
  Batch lane_max(std::numeric_limits<float>::lowest());
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) lane_max = xsimd::max(lane_max, Batch::load_unaligned(row + i));
  float highest = std::numeric_limits<float>::lowest();
  float each[Batch::size];
  lane_max.store_unaligned(each);
  for (const float value : each) highest = value > highest ? value : highest;
  for (; i < count; i++) highest = row[i] > highest ? row[i] : highest;
  return highest;
}

// row = exp(scale * (row - max)); returns the reciprocal of the sum.
inline float exp_row(float* row, int64_t count, float scale) {
  const Batch factor(scale), shift(-scale * row_max(row, count));
  Batch lane_sum(0.0F);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const Batch weight = xsimd::exp(xsimd::fma(factor, Batch::load_unaligned(row + i), shift));
    weight.store_unaligned(row + i);
    lane_sum += weight;
  }
  float sum = 0, each[Batch::size];
  lane_sum.store_unaligned(each);
  for (const float value : each) sum += value;
  if (i < count) {
    float rest[Batch::size] = {};
    for (int64_t j = i; j < count; j++) rest[j - i] = row[j];
    xsimd::exp(xsimd::fma(factor, Batch::load_unaligned(rest), shift)).store_unaligned(rest);
    for (int64_t j = i; j < count; j++) sum += row[j] = rest[j - i];
  }
  return 1 / sum;
}

inline void scale_row(float* row, int64_t count, float factor) {
  for (int64_t i = 0; i < count; i++) row[i] *= factor;
}

}  // namespace qkv::peers
