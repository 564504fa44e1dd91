// SPDX-License-Identifier: Apache-2.0
// Equality of bits, by hash: -0 differs from 0, and a NaN equals itself.
#pragma once

#include <cstring>
#include <utility>

#include "support/array.hpp"

namespace qkv_test {

// FNV-1a over the values' bytes.
template <typename T>
uint64_t bit_hash(const Array<T>& array) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (T value : array.values()) {
    unsigned char bytes[sizeof(T)];
    std::memcpy(bytes, &value, sizeof value);
    for (unsigned char byte : bytes) hash = (hash ^ byte) * 0x100000001b3u;
  }
  return hash;
}

// Elements first .. first + extent - 1 along one axis.
template <typename T>
Array<T> slice(const Array<T>& array, size_t axis, int64_t first, int64_t extent) {
  if (!array.present() || array.shape()[axis] == 1) return array;
  Shape shape = array.shape();
  shape[axis] = extent;
  Array<T> part(shape);
  Shape start{};
  start[axis] = first;
  for_each_index(shape, [&](int64_t a, int64_t b, int64_t c, int64_t d) {
    part(a, b, c, d) = array(a + start[0], b + start[1], c + start[2], d + start[3]);
  });
  return part;
}

}  // namespace qkv_test
