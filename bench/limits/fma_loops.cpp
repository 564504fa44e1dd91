// SPDX-License-Identifier: Apache-2.0
// Inline assembly, so that no compiler can fold or spill the chains. Chains compute x = a x + b with ordinary numbers:
// zeros would draw less power than real data, and a core may run faster on them.
#include "limits/fma_loops.hpp"

namespace qkv::bench {
namespace {

constexpr int unrolled = 2;  // times the chains stand in the loop

#if defined(__x86_64__)

constexpr float factor = 0.999F, addend = 0.001F;

// `step` stands for every chain \\i.
#define QKV_CHAINS(name, vector, step, registers)                                                                    \
  void name(int64_t iterations) {                                                                                    \
    asm volatile("vbroadcastss %1, %%" vector "14\n\t vbroadcastss %2, %%" vector                                    \
                 "15\n\t"                                                                                            \
                 ".irp i," registers "\n\t vmovaps %%" vector "14, %%" vector                                        \
                 "\\i\n\t .endr\n\t"                                                                                 \
                 ".p2align 6\n\t 1:\n\t"                                                                             \
                 ".rept 2\n\t .irp i," registers "\n\t" step                                                         \
                 "\n\t"                                                                                              \
                 ".endr\n\t .endr\n\t dec %0\n\t jnz 1b\n\t vzeroupper"                                              \
                 : "+r"(iterations)                                                                                  \
                 : "m"(factor), "m"(addend)                                                                          \
                 : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", \
                   "xmm12", "xmm13", "xmm14", "xmm15", "cc");                                                        \
  }
#define QKV_FMA_LOOP(name, vector, registers) \
  QKV_CHAINS(name, vector, "vfmadd213ps %%" vector "15, %%" vector "14, %%" vector "\\i", registers)
#define QKV_VNNI_LOOP(name, registers) QKV_CHAINS(name, "zmm", "vpdpbusd %%zmm15, %%zmm14, %%zmm\\i", registers)
#define QKV_PAIRS_LOOP(name, vector, registers)                                                               \
  QKV_CHAINS(name, vector,                                                                                    \
             "vpmaddubsw %%" vector "15, %%" vector "14, %%" vector "13\n\t vpaddw %%" vector "13, %%" vector \
             "\\i, %%" vector "\\i",                                                                          \
             registers)

QKV_FMA_LOOP(ymm_8, "ymm", "0,1,2,3,4,5,6,7")
QKV_FMA_LOOP(ymm_10, "ymm", "0,1,2,3,4,5,6,7,8,9")
QKV_FMA_LOOP(ymm_12, "ymm", "0,1,2,3,4,5,6,7,8,9,10,11")
QKV_FMA_LOOP(ymm_14, "ymm", "0,1,2,3,4,5,6,7,8,9,10,11,12,13")
// Baseline code never holds a value in registers 16 to 31: they need no mention among the clobbered ones.
QKV_FMA_LOOP(zmm_8, "zmm", "0,1,2,3,4,5,6,7")
QKV_FMA_LOOP(zmm_12, "zmm", "0,1,2,3,4,5,6,7,8,9,10,11")
QKV_FMA_LOOP(zmm_16, "zmm", "0,1,2,3,4,5,6,7,8,9,10,11,16,17,18,19")
QKV_FMA_LOOP(zmm_24, "zmm", "0,1,2,3,4,5,6,7,8,9,10,11,16,17,18,19,20,21,22,23,24,25,26,27")

QKV_PAIRS_LOOP(ymm_pairs_6, "ymm", "0,1,2,3,4,5")
QKV_PAIRS_LOOP(ymm_pairs_12, "ymm", "0,1,2,3,4,5,6,7,8,9,10,11")
QKV_PAIRS_LOOP(zmm_pairs_6, "zmm", "0,1,2,3,4,5")
QKV_PAIRS_LOOP(zmm_pairs_12, "zmm", "0,1,2,3,4,5,6,7,8,9,10,11")
QKV_VNNI_LOOP(zmm_vnni_8, "0,1,2,3,4,5,6,7")
QKV_VNNI_LOOP(zmm_vnni_12, "0,1,2,3,4,5,6,7,8,9,10,11")
QKV_VNNI_LOOP(zmm_vnni_24, "0,1,2,3,4,5,6,7,8,9,10,11,16,17,18,19,20,21,22,23,24,25,26,27")

// Seven chains of products by 1 (others would end in denormal numbers) among seven of sums.
void xmm_7_and_7(int64_t iterations) {
  const float one = 1;
  asm volatile(
      "movss %1, %%xmm14\n\t shufps $0, %%xmm14, %%xmm14\n\t movss %2, %%xmm15\n\t shufps $0, %%xmm15, %%xmm15\n\t"
      ".irp i,0,1,2,3,4,5,6,7,8,9,10,11,12,13\n\t movaps %%xmm15, %%xmm\\i\n\t .endr\n\t"
      ".p2align 6\n\t 1:\n\t .rept 2\n\t"
      "mulps %%xmm14, %%xmm0\n\t addps %%xmm15, %%xmm7\n\t mulps %%xmm14, %%xmm1\n\t addps %%xmm15, %%xmm8\n\t"
      "mulps %%xmm14, %%xmm2\n\t addps %%xmm15, %%xmm9\n\t mulps %%xmm14, %%xmm3\n\t addps %%xmm15, %%xmm10\n\t"
      "mulps %%xmm14, %%xmm4\n\t addps %%xmm15, %%xmm11\n\t mulps %%xmm14, %%xmm5\n\t addps %%xmm15, %%xmm12\n\t"
      "mulps %%xmm14, %%xmm6\n\t addps %%xmm15, %%xmm13\n\t .endr\n\t dec %0\n\t jnz 1b"
      : "+r"(iterations)
      : "m"(one), "m"(addend)
      : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12",
        "xmm13", "xmm14", "xmm15", "cc");
}

FmaLoop loop(void (*run)(int64_t), int chains, int lanes) {
  return {run, 2.0 * unrolled * chains * lanes};
}

#else

#define QKV_FMA_LOOP(name, registers)                                                                                  \
  void name(int64_t iterations) {                                                                                      \
    asm volatile(                                                                                                      \
        "fmov v30.4s, #0.5\n\t fmov v31.4s, #1.0\n\t"                                                                  \
        ".irp i," registers                                                                                            \
        "\n\t fmov v\\i\\().4s, #1.0\n\t .endr\n\t 1:\n\t"                                                             \
        ".rept 2\n\t .irp i," registers                                                                                \
        "\n\t fmla v\\i\\().4s, v30.4s, v31.4s\n\t .endr\n\t .endr\n\t"                                                \
        "subs %0, %0, #1\n\t b.ne 1b"                                                                                  \
        : "+r"(iterations)                                                                                             \
        :                                                                                                              \
        : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16", \
          "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v30", "v31", "cc");                                        \
  }

QKV_FMA_LOOP(neon_8, "0,1,2,3,4,5,6,7")
QKV_FMA_LOOP(neon_12, "0,1,2,3,4,5,6,7,8,9,10,11")
QKV_FMA_LOOP(neon_16, "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15")
QKV_FMA_LOOP(neon_24, "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23")

FmaLoop loop(void (*run)(int64_t), int chains) {
  return {run, 2.0 * unrolled * chains * 4};
}

#endif

}  // namespace

std::vector<FmaLoop> fma_loops([[maybe_unused]] const std::string& tier) {
#if defined(__x86_64__)
  if (tier.starts_with("avx512"))
    return {loop(zmm_8, 8, 16), loop(zmm_12, 12, 16), loop(zmm_16, 16, 16), loop(zmm_24, 24, 16)};
  if (tier == "avx2") return {loop(ymm_8, 8, 8), loop(ymm_10, 10, 8), loop(ymm_12, 12, 8), loop(ymm_14, 14, 8)};
  return {{xmm_7_and_7, 1.0 * unrolled * 14 * 4}};
#else
  return {loop(neon_8, 8), loop(neon_12, 12), loop(neon_16, 16), loop(neon_24, 24)};
#endif
}

bool has_byte_loops(const std::string& tier) {
  return tier.starts_with("avx");
}

std::vector<FmaLoop> byte_loops([[maybe_unused]] const std::string& tier) {
#if defined(__x86_64__)
  if (tier == "avx512_bf16") return {loop(zmm_vnni_8, 8, 64), loop(zmm_vnni_12, 12, 64), loop(zmm_vnni_24, 24, 64)};
  if (tier == "avx512") return {loop(zmm_pairs_6, 6, 64), loop(zmm_pairs_12, 12, 64)};
  if (tier == "avx2") return {loop(ymm_pairs_6, 6, 32), loop(ymm_pairs_12, 12, 32)};
#endif
  return {};
}

}  // namespace qkv::bench
