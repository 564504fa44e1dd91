// SPDX-License-Identifier: Apache-2.0
// Round to nearest, denormals kept, no traps while kernels run; the caller's setting comes back afterwards. Without it
// a host that flushes denormals or rounds upwards would get other bits.
#pragma once

#include <cstdint>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace qkv {

class FloatEnvironment {
 public:
  FloatEnvironment() : saved_(read()) { write(standard); }
  ~FloatEnvironment() { write(saved_); }
  FloatEnvironment(const FloatEnvironment&) = delete;
  FloatEnvironment& operator=(const FloatEnvironment&) = delete;

 private:
#if defined(__x86_64__)
  using Word = uint32_t;
  static constexpr Word standard = 0x1f80;  // MXCSR at process start
  static Word read() {
    return _mm_getcsr();
  }
  static void write(Word word) {
    _mm_setcsr(word);
  }
#else
  using Word = uint64_t;
  static constexpr Word standard = 0;  // FPCR at process start
  static Word read() {
    Word word;
    asm volatile("mrs %0, fpcr" : "=r"(word));
    return word;
  }
  static void write(Word word) {
    asm volatile("msr fpcr, %0" : : "r"(word));
  }
#endif
  Word saved_;
};

}  // namespace qkv
