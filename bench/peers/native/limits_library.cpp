// SPDX-License-Identifier: Apache-2.0
// The machine's limits for the Python process that measures a peer: those of qkv-bench.
#include <exception>
#include <memory>
#include <string>

#include "limits/limit.hpp"
#include "limits/memory_levels.hpp"

using qkv::bench::Limit;

extern "C" {

// Null if this machine has no such limit.
void* qkv_limit_open(const char* name, int threads) {
  static qkv::bench::Limits limits;
  try {
    return &limits.get(name, threads);
  } catch (const std::exception&) {
    return nullptr;
  }
}

double qkv_limit_measure(void* limit) {
  return static_cast<Limit*>(limit)->measure();
}

double qkv_limit_best(const void* limit) {
  return static_cast<const Limit*>(limit)->best();
}

// "L1", "L2", "L3" or "DRAM": where this many bytes stay, spread over threads.
const char* qkv_limit_level(double bytes, int threads) {
  return qkv::bench::level_that_holds(bytes, threads).name.c_str();
}

}  // extern "C"
