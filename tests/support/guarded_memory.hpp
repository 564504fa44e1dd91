// SPDX-License-Identifier: Apache-2.0
// Memory with an unmapped page directly before and directly after it: a byte too far in either direction ends the test.
#pragma once

#include <cstddef>

namespace qkv_test {

// Which guard page the bytes touch; between the bytes and the other guard lies less than a page.
enum class Placement { front, back };

class GuardedMemory {
 public:
  // At least `reserved` bytes behind the memory belong to nobody else and are not mapped either.
  GuardedMemory(size_t bytes, Placement placement, size_t reserved = 0);
  ~GuardedMemory();
  GuardedMemory(GuardedMemory&& other) noexcept;
  GuardedMemory(const GuardedMemory&) = delete;
  GuardedMemory& operator=(const GuardedMemory&) = delete;
  GuardedMemory& operator=(GuardedMemory&&) = delete;

  std::byte* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  std::byte* mapping_;
  size_t mapped_;
  std::byte* data_;
  size_t size_;
};

}  // namespace qkv_test
