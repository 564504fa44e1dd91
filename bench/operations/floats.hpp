// SPDX-License-Identifier: Apache-2.0
// Floats on a cache line boundary with contents that real activations could have.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

namespace qkv::bench {

// Operands and the buffers of the read loops alike: ordinary pages, as a caller's malloc gives them.
class Floats {
 public:
  Floats() = default;
  // Uniformly random in [-1.73, 1.73], so of variance 1, and the same for the same seed.
  explicit Floats(int64_t count, uint64_t seed = 1);
  static Floats filled(int64_t count, float value);

  float* data() { return values_.data(); }
  const float* data() const { return values_.data(); }
  size_t size() const { return values_.size(); }
  void fill(float value) { values_.assign(values_.size(), value); }

 private:
  template <class T>
  struct OnCacheLine {
    using value_type = T;
    OnCacheLine() = default;
    template <class U>
    explicit OnCacheLine(const OnCacheLine<U>&) {}
    T* allocate(size_t count) { return static_cast<T*>(::operator new (count * sizeof(T), std::align_val_t{64})); }
    void deallocate(T* pointer, size_t) { ::operator delete (pointer, std::align_val_t{64}); }
    bool operator==(const OnCacheLine&) const { return true; }
  };
  std::vector<float, OnCacheLine<float>> values_;
};

// A seeded integer in [0, bound).
int64_t random_below(int64_t bound, uint64_t seed);

}  // namespace qkv::bench
