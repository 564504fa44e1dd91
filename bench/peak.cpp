// SPDX-License-Identifier: Apache-2.0
#include "peak.hpp"

#include <chrono>
#include <cstdint>

namespace qkv::bench {
namespace {

constexpr int64_t iterations = 10000;
constexpr int chains = 12;  // latency 4 x 2 issue ports = 8 are needed

// Inline assembly, so that no compiler can fold or spill the chains.
#if defined(__x86_64__)

#define QKV_FMA(register_prefix, n) \
  "vfmadd231ps %%" register_prefix "14, %%" register_prefix "15, %%" register_prefix #n "\n\t"
// clang-format off
#define QKV_CHAINS(prefix)                                                                    \
  QKV_FMA(prefix, 0) QKV_FMA(prefix, 1) QKV_FMA(prefix, 2) QKV_FMA(prefix, 3)                 \
  QKV_FMA(prefix, 4) QKV_FMA(prefix, 5) QKV_FMA(prefix, 6) QKV_FMA(prefix, 7)                 \
  QKV_FMA(prefix, 8) QKV_FMA(prefix, 9) QKV_FMA(prefix, 10) QKV_FMA(prefix, 11)
// clang-format on
#define QKV_FMA_LOOP(prefix)                                                                                       \
  asm volatile(                                                                                                    \
      "vxorps %%xmm14, %%xmm14, %%xmm14\n\t vxorps %%xmm15, %%xmm15, %%xmm15\n\t"                                  \
      ".p2align 6\n\t 1:\n\t" QKV_CHAINS(prefix) QKV_CHAINS(prefix) "dec %0\n\t jnz 1b\n\t vzeroupper"             \
      : "+r"(count)                                                                                                \
      :                                                                                                            \
      : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm14", \
        "xmm15", "cc")

void loop_256() {
  int64_t count = iterations;
  QKV_FMA_LOOP("ymm");
}
void loop_512() {
  int64_t count = iterations;
  QKV_FMA_LOOP("zmm");
}

struct Loop {
  void (*run)();
  int lanes;
};

Loop loop_of(const std::string& isa) {
  const bool has_512 = __builtin_cpu_supports("avx512f") != 0;
  return isa == "avx512" || (isa == "generic" && has_512) ? Loop{loop_512, 16} : Loop{loop_256, 8};
}

#else

#define QKV_FMA(n) "fmla v" #n ".4s, v30.4s, v31.4s\n\t"
// clang-format off
#define QKV_CHAINS                                                                            \
  QKV_FMA(0) QKV_FMA(1) QKV_FMA(2) QKV_FMA(3) QKV_FMA(4) QKV_FMA(5)                           \
  QKV_FMA(6) QKV_FMA(7) QKV_FMA(16) QKV_FMA(17) QKV_FMA(18) QKV_FMA(19)
// clang-format on

void loop_128() {
  int64_t count = iterations;
  asm volatile("movi v30.4s, #0\n\t movi v31.4s, #0\n\t 1:\n\t" QKV_CHAINS QKV_CHAINS "subs %0, %0, #1\n\t b.ne 1b"
               : "+r"(count)
               :
               : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v16", "v17", "v18", "v19", "v30", "v31", "cc");
}

struct Loop {
  void (*run)();
  int lanes;
};

Loop loop_of(const std::string&) {
  return {loop_128, 4};
}

#endif

}  // namespace

double measure_peak_flops(const std::string& isa) {
  using Clock = std::chrono::steady_clock;
  const Loop loop = loop_of(isa);
  loop.run();  // wakes the wide units
  const auto start = Clock::now();
  loop.run();
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return 2.0 * 2 * chains * loop.lanes * static_cast<double>(iterations) / seconds;
}

}  // namespace qkv::bench
