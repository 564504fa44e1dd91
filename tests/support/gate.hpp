// SPDX-License-Identifier: Apache-2.0
// The per-element gate: every element within its own allowed error, none excepted.
#pragma once

#include <cmath>
#include <string>

#include "support/array.hpp"

namespace qkv_test {

inline constexpr double rounding = 0x1p-24;   // u: half a unit in the last place of f32
inline constexpr double exp_cut = 0x1p-125;   // the weight below which exp may return 0
inline constexpr double smallest = 0x1p-149;  // the spacing of f32 near 0
inline constexpr double keys_per_block = 64;  // B: terms that one f32 accumulator may take
inline constexpr double splits = 1;           // S: partial results that are merged

// 4 + 3 sqrt(L): the error of a sum of n terms in units of u times the sum of magnitudes. L = length of the longest
// chain of additions when n terms are added in blocks of B = `block`; 3 sqrt(L) is three standard deviations of its
// rounding errors.
inline double chain_error(int64_t terms, double block = keys_per_block) {
  const auto n = static_cast<double>(terms);
  return 4 + 3 * std::sqrt(std::min(block, n) + std::ceil(n / block) + splits);
}

// What a result must be, and how far off each element may be.
struct Expected {
  Expected() = default;  // not asked for
  explicit Expected(const Shape& shape) : value(shape), error(shape) {}
  Array<double> value;
  Array<double> error;
};

// "" if all elements pass, else the first that does not. Expected NaN wants NaN, expected infinity that infinity.
std::string first_failure(const std::string& name, const Array<float>& actual, const Expected& expected);

}  // namespace qkv_test
