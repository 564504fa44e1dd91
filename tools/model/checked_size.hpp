// SPDX-License-Identifier: Apache-2.0
// Sizes that come from a file are added and multiplied here and nowhere else: a result that does not fit is an error.
#pragma once

#include <cstdint>
#include <stdexcept>

namespace qkv::tools {

inline std::uint64_t checked_add(std::uint64_t a, std::uint64_t b) {
  std::uint64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) throw std::runtime_error("a size overflows 64 bits");
  return sum;
}

inline std::uint64_t checked_multiply(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) throw std::runtime_error("a size overflows 64 bits");
  return product;
}

}  // namespace qkv::tools
