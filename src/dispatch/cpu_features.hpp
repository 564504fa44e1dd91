// SPDX-License-Identifier: Apache-2.0
// What the CPU and the operating system let a process use.
#pragma once

namespace qkv {

// The first thing that keeps this machine from running the tier, for example "no AVX512BW"; "" if nothing does.
const char* missing_for_generic();
#if defined(__x86_64__)
const char* missing_for_avx2();
const char* missing_for_avx512();
const char* missing_for_avx512_bf16();
#elif defined(__aarch64__)
const char* missing_for_neon();
#endif

}  // namespace qkv
