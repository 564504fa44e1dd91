// SPDX-License-Identifier: Apache-2.0
#include "support/float_mode.hpp"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace qkv_test {

#if defined(__x86_64__)
static uint64_t read_control() {
  return _mm_getcsr();
}
static void write_control(uint64_t word) {
  _mm_setcsr(static_cast<unsigned>(word));
}
static constexpr uint64_t sticky_flags = 0x3f, round_up = 0x4000, flush = 0x8040;
static constexpr uint64_t traps = 0x1f80;  // MXCSR bits that mask an exception
#elif defined(__aarch64__)
static uint64_t read_control() {
  uint64_t word;
  asm volatile("mrs %0, fpcr" : "=r"(word));
  return word;
}
static void write_control(uint64_t word) {
  asm volatile("msr fpcr, %0" : : "r"(word));
}
static constexpr uint64_t sticky_flags = 0, round_up = 1u << 22, flush = 1u << 24;
static constexpr uint64_t traps = 0x9f00;  // many cores ignore these bits: then they read as 0
#endif

const std::vector<FloatMode>& unusual_float_modes() {
  static const std::vector<FloatMode> modes{{"round up", round_up},
                                            {"flush denormals", flush},
                                            {"exceptions unmasked", traps},
                                            {"round up, flush, unmasked", round_up | flush | traps}};
  return modes;
}

uint64_t float_control() {
  return read_control() & ~sticky_flags;
}

FloatModeScope::FloatModeScope(const FloatMode& mode) : saved_(read_control()) {
  write_control((saved_ ^ mode.bits) & ~sticky_flags);
  expected_ = float_control();
}

FloatModeScope::~FloatModeScope() {
  write_control(saved_);
}

}  // namespace qkv_test
