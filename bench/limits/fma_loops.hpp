// SPDX-License-Identifier: Apache-2.0
// Loops of nothing but independent multiplications and additions: the limit of what is bound by arithmetic.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace qkv::bench {

struct FmaLoop {
  void (*run)(int64_t iterations);
  double flops_per_iteration;
};

// Loops with the instructions of a tier that this machine supports. They differ in how many chains of additions run
// side by side; which number is best depends on latency and ports, so all are measured. On x86-64 the tier "generic"
// has no fused multiply-add: its loop multiplies and adds.
std::vector<FmaLoop> fma_loops(const std::string& tier);

// The same for products of bytes, four of which are added to a sum of 32 bits (VNNI), or two to one of 16 bits; for
// tiers that have such instructions.
bool has_byte_loops(const std::string& tier);
std::vector<FmaLoop> byte_loops(const std::string& tier);

}  // namespace qkv::bench
