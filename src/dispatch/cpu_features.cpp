// SPDX-License-Identifier: Apache-2.0
// x86: CPUID says what the CPU has, XGETBV which registers the operating system saves. Bits after the Intel Software
// Developer's Manual, volume 2A, CPUID, and volume 1, 13.3. Without the OSXSAVE and XCR0 checks a kernel that does not
// save ZMM state would let AVX-512 fault or, worse, lose registers.
#include "dispatch/cpu_features.hpp"

#include <cstddef>
#include <cstdint>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif

namespace qkv {

const char* missing_for_generic() {
  return "";
}

#if defined(__x86_64__)

namespace {

struct Features {
  uint32_t leaf1_ecx = 0, leaf7_ebx = 0, leaf7_ecx = 0, leaf7_1_eax = 0;
  uint64_t saved_state = 0;  // XCR0
};

Features detect() {
  Features features;
  uint32_t eax, ebx, ecx, edx;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0) features.leaf1_ecx = ecx;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0) {
    const uint32_t last_subleaf = eax;
    features.leaf7_ebx = ebx;
    features.leaf7_ecx = ecx;
    if (last_subleaf >= 1 && __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) != 0) features.leaf7_1_eax = eax;
  }
  constexpr uint32_t osxsave = 1U << 27;
  if ((features.leaf1_ecx & osxsave) != 0) {
    uint32_t low, high;
    asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    features.saved_state = (static_cast<uint64_t>(high) << 32) | low;
  }
  return features;
}

struct Need {
  uint32_t bit;
  const char* missing;
};

template <size_t count>
const char* first_missing(uint32_t word, const Need (&needs)[count]) {
  for (const Need& need : needs) {
    if ((word >> need.bit & 1) == 0) return need.missing;
  }
  return "";
}

constexpr uint64_t ymm_state = 0x6;   // XMM and YMM
constexpr uint64_t zmm_state = 0xe6;  // and opmask, upper ZMM halves, ZMM16-31

}  // namespace

const char* missing_for_avx2() {
  const Features features = detect();
  static constexpr Need leaf1[] = {{27, "no OSXSAVE"}, {28, "no AVX"}, {12, "no FMA"}, {29, "no F16C"}};
  static constexpr Need leaf7[] = {{5, "no AVX2"}};
  if (const char* missing = first_missing(features.leaf1_ecx, leaf1); *missing != '\0') return missing;
  if ((features.saved_state & ymm_state) != ymm_state) return "the operating system does not save YMM registers";
  return first_missing(features.leaf7_ebx, leaf7);
}

const char* missing_for_avx512() {
  if (const char* missing = missing_for_avx2(); *missing != '\0') return missing;
  const Features features = detect();
  static constexpr Need leaf7[] = {{16, "no AVX512F"}, {30, "no AVX512BW"}, {17, "no AVX512DQ"}, {31, "no AVX512VL"}};
  if (const char* missing = first_missing(features.leaf7_ebx, leaf7); *missing != '\0') return missing;
  return (features.saved_state & zmm_state) == zmm_state ? "" : "the operating system does not save ZMM registers";
}

const char* missing_for_avx512_bf16() {
  if (const char* missing = missing_for_avx512(); *missing != '\0') return missing;
  const Features features = detect();
  static constexpr Need leaf7[] = {{1, "no AVX512_VBMI"}, {11, "no AVX512_VNNI"}};
  static constexpr Need leaf7_1[] = {{5, "no AVX512_BF16"}};
  if (const char* missing = first_missing(features.leaf7_ecx, leaf7); *missing != '\0') return missing;
  return first_missing(features.leaf7_1_eax, leaf7_1);
}

#elif defined(__aarch64__)

const char* missing_for_neon() {
  constexpr unsigned long asimd = 1UL << 1;  // HWCAP_ASIMD
  return (getauxval(AT_HWCAP) & asimd) != 0 ? "" : "no Advanced SIMD";
}

#endif

}  // namespace qkv
