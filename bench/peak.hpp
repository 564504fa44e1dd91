// SPDX-License-Identifier: Apache-2.0
// The limit that compute-bound kernels are measured against: a loop of nothing but independent fused multiply-adds.
#pragma once

#include <string>

namespace qkv::bench {

// Floating-point operations per second of one core with the vectors of a tier ("avx2", "avx512", "neon", "generic").
// Takes about 2 ms. For "generic" on x86-64, which has no FMA, the limit of the best tier is measured instead.
double measure_peak_flops(const std::string& isa);

}  // namespace qkv::bench
