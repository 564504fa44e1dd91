// SPDX-License-Identifier: Apache-2.0
// Memory that starts on a cache line and only ever grows.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>

namespace qkv::tools {

class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(std::size_t bytes) { reserve(bytes); }

  // Contents are lost when it grows.
  void reserve(std::size_t bytes) {
    if (bytes <= size_) return;
    const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
    data_.reset();
    size_ = 0;
    data_.reset(std::aligned_alloc(alignment, rounded));
    if (data_ == nullptr) throw std::bad_alloc();
    size_ = rounded;
  }

  void* data() const { return data_.get(); }
  float* floats() const { return static_cast<float*>(data_.get()); }
  std::size_t size() const { return size_; }

 private:
  static constexpr std::size_t alignment = 64;
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };

  std::unique_ptr<void, Free> data_;
  std::size_t size_ = 0;
};

}  // namespace qkv::tools
