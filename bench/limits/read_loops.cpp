// SPDX-License-Identifier: Apache-2.0
#include "limits/read_loops.hpp"

#include <cstdint>

#include "qkv/isa.h"

namespace qkv::bench {
namespace {

#if defined(__x86_64__)

// Pointers advance while the end is still needed: operands with & share no register with others.
#define QKV_READ_CLOBBERS                                                                                             \
  "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", \
      "xmm14", "xmm15", "cc", "memory"

// One stream; `step` bytes per iteration with vectors of `width`, and what else stands in the loop. The registers only
// name the loads of an iteration, no load waits for another.
#define QKV_READ_ONE(name, load, vector, width, finish, registers, step, extra)                         \
  void name(const std::byte* first, size_t bytes) {                                                     \
    const std::byte* last = first + bytes;                                                              \
    asm volatile(".p2align 6\n\t 1:\n\t .irp i," registers "\n\t " load " \\i*" width "(%0), %%" vector \
                 "\\i\n\t .endr\n\t" extra "add $" step ", %0\n\t cmp %1, %0\n\t jb 1b\n\t" finish      \
                 : "+&r"(first)                                                                         \
                 : "r"(last)                                                                            \
                 : QKV_READ_CLOBBERS);                                                                  \
  }

// Two streams, each half of the bytes.
#define QKV_READ_TWO(name, load, vector, width, finish, registers, step)                                \
  void name(const std::byte* first, size_t bytes) {                                                     \
    const size_t part = bytes / 2;                                                                      \
    const std::byte* last = first + part;                                                               \
    asm volatile(".p2align 6\n\t 1:\n\t .irp i," registers "\n\t " load " \\i*" width "(%0), %%" vector \
                 "\\i\n\t " load " \\i*" width "(%0, %2), %%" vector "\\i\n\t .endr\n\t add $" step     \
                 ", %0\n\t cmp %1, %0\n\t jb 1b\n\t" finish                                             \
                 : "+&r"(first)                                                                         \
                 : "r"(last), "r"(part)                                                                 \
                 : QKV_READ_CLOBBERS);                                                                  \
  }

// Four streams, each a quarter of the bytes: at 0, 1 and 2 parts from `first`, and at 2 parts from `second`.
#define QKV_READ_FOUR(name, load, vector, width, finish, registers, step)                                        \
  void name(const std::byte* first, size_t bytes) {                                                              \
    const size_t part = bytes / 4;                                                                               \
    const std::byte *last = first + part, *second = first + part;                                                \
    asm volatile(".p2align 6\n\t 1:\n\t .irp i," registers "\n\t " load " \\i*" width "(%0), %%" vector          \
                 "\\i\n\t " load " \\i*" width "(%0, %3), %%" vector "\\i\n\t " load " \\i*" width               \
                 "(%0, %3, 2), %%" vector "\\i\n\t " load " \\i*" width "(%1, %3, 2), %%" vector                 \
                 "\\i\n\t .endr\n\t add $" step ", %0\n\t add $" step ", %1\n\t cmp %2, %0\n\t jb 1b\n\t" finish \
                 : "+&r"(first), "+&r"(second)                                                                   \
                 : "r"(last), "r"(part)                                                                          \
                 : QKV_READ_CLOBBERS);                                                                           \
  }

#define QKV_PREFETCH(distance)                                                              \
  "prefetcht0 " distance "(%0)\n\t prefetcht0 " distance "+64(%0)\n\t prefetcht0 " distance \
  "+128(%0)\n\t "                                                                           \
  "prefetcht0 " distance "+192(%0)\n\t "
#define QKV_FOUR_LOADS "0,1,2,3"
#define QKV_EIGHT_LOADS "0,1,2,3,4,5,6,7"
#define QKV_SIXTEEN_LOADS "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15"

QKV_READ_ONE(xmm_8, "movups", "xmm", "16", "", QKV_EIGHT_LOADS, "128", "")
QKV_READ_ONE(xmm_16, "movups", "xmm", "16", "", QKV_SIXTEEN_LOADS, "256", "")
QKV_READ_ONE(xmm_prefetch, "movups", "xmm", "16", "", QKV_SIXTEEN_LOADS, "256", QKV_PREFETCH("2048"))
QKV_READ_TWO(xmm_two, "movups", "xmm", "16", "", QKV_EIGHT_LOADS, "128")
QKV_READ_FOUR(xmm_four, "movups", "xmm", "16", "", QKV_FOUR_LOADS, "64")

QKV_READ_ONE(ymm_8, "vmovups", "ymm", "32", "vzeroupper", QKV_EIGHT_LOADS, "256", "")
QKV_READ_ONE(ymm_16, "vmovups", "ymm", "32", "vzeroupper", QKV_SIXTEEN_LOADS, "512", "")
QKV_READ_ONE(ymm_prefetch_near, "vmovups", "ymm", "32", "vzeroupper", QKV_EIGHT_LOADS, "256", QKV_PREFETCH("1024"))
QKV_READ_ONE(ymm_prefetch_far, "vmovups", "ymm", "32", "vzeroupper", QKV_EIGHT_LOADS, "256", QKV_PREFETCH("4096"))
QKV_READ_TWO(ymm_two, "vmovups", "ymm", "32", "vzeroupper", QKV_FOUR_LOADS, "128")
QKV_READ_FOUR(ymm_four, "vmovups", "ymm", "32", "vzeroupper", "0,1", "64")

QKV_READ_ONE(zmm_4, "vmovups", "zmm", "64", "vzeroupper", QKV_FOUR_LOADS, "256", "")
QKV_READ_ONE(zmm_16, "vmovups", "zmm", "64", "vzeroupper", QKV_SIXTEEN_LOADS, "1024", "")
QKV_READ_ONE(zmm_prefetch_near, "vmovups", "zmm", "64", "vzeroupper", QKV_FOUR_LOADS, "256", QKV_PREFETCH("1024"))
QKV_READ_ONE(zmm_prefetch_far, "vmovups", "zmm", "64", "vzeroupper", QKV_FOUR_LOADS, "256", QKV_PREFETCH("4096"))
QKV_READ_TWO(zmm_two, "vmovups", "zmm", "64", "vzeroupper", QKV_FOUR_LOADS, "256")
QKV_READ_FOUR(zmm_four, "vmovups", "zmm", "64", "vzeroupper", "0,1", "128")

// The widest vectors that a supported tier has.
int32_t vector_bits() {
  int32_t bits = 128;
  for (int32_t tier = 0; const qkv_isa_description* isa = qkv_isa_at(tier); tier++) {
    if (isa->supported != 0 && isa->vector_bits > bits) bits = isa->vector_bits;
  }
  return bits;
}

#else

#define QKV_READ_ONE(name, registers, step, extra)                                                                  \
  void name(const std::byte* first, size_t bytes) {                                                                 \
    const std::byte* last = first + bytes;                                                                          \
    asm volatile("1:\n\t .irp i," registers "\n\t ldr q\\i, [%0, #16*\\i]\n\t .endr\n\t" extra "add %0, %0, #" step \
                 "\n\t cmp %0, %1\n\t b.lo 1b"                                                                      \
                 : "+&r"(first)                                                                                     \
                 : "r"(last)                                                                                        \
                 : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14",   \
                   "v15", "cc", "memory");                                                                          \
  }

// Two streams, each half of the bytes.
void neon_two(const std::byte* first, size_t bytes) {
  const std::byte *last = first + bytes / 2, *second = last;
  asm volatile(
      "1:\n\t .irp i,0,1,2,3,4,5,6,7\n\t ldr q\\i, [%0, #16*\\i]\n\t ldr q\\i, [%1, #16*\\i]\n\t .endr\n\t"
      "add %0, %0, #128\n\t add %1, %1, #128\n\t cmp %0, %2\n\t b.lo 1b"
      : "+&r"(first), "+&r"(second)
      : "r"(last)
      : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "cc", "memory");
}

QKV_READ_ONE(neon_8, "0,1,2,3,4,5,6,7", "128", "")
QKV_READ_ONE(neon_16, "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15", "256", "")
QKV_READ_ONE(neon_prefetch, "0,1,2,3,4,5,6,7", "128", "prfm pldl1keep, [%0, #2048]\n\t prfm pldl1keep, [%0, #2112]\n\t")

#endif

}  // namespace

std::vector<ReadLoop> read_loops() {
#if defined(__x86_64__)
  std::vector<ReadLoop> loops = {{xmm_8}, {xmm_16}, {xmm_prefetch}, {xmm_two}, {xmm_four}};
  if (vector_bits() >= 256) {
    loops.insert(loops.end(), {{ymm_8}, {ymm_16}, {ymm_prefetch_near}, {ymm_prefetch_far}, {ymm_two}, {ymm_four}});
  }
  if (vector_bits() >= 512) {
    loops.insert(loops.end(), {{zmm_4}, {zmm_16}, {zmm_prefetch_near}, {zmm_prefetch_far}, {zmm_two}, {zmm_four}});
  }
  return loops;
#else
  return {{neon_8}, {neon_16}, {neon_prefetch}, {neon_two}};
#endif
}

}  // namespace qkv::bench
