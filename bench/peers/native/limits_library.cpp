// SPDX-License-Identifier: Apache-2.0
// The machine's limits for the Python process that measures a peer: those of qkv-bench.
#include <exception>
#include <string>

#include "limits/cold_copies.hpp"
#include "limits/limit.hpp"
#include "limits/roofline.hpp"

using qkv::bench::Limit;

namespace {

qkv::bench::Limits& limits() {
  static qkv::bench::Limits all;
  return all;
}

}  // namespace

extern "C" {

// Null if this machine has no such limit.
void* qkv_limit_open(const char* name, int threads) {
  try {
    return &limits().get(name, threads);
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

// The limit that bounds this work, until the next call of this function.
const char* qkv_limit_bound(double flops, double bytes, const char* isa, int threads, int cold) {
  static std::string name;
  name = qkv::bench::bound_of({flops, bytes, bytes}, {isa, threads, cold != 0}, limits()).limit_name;
  return name.c_str();
}

// Copies of the operands to be used in turns, so that they come from DRAM. 0: they do not fit into memory.
int64_t qkv_limit_cold_copies(double bytes, double operand_bytes) {
  const qkv::bench::ColdCopies copies = qkv::bench::cold_copies({0, bytes, operand_bytes});
  return copies.fit ? copies.count : 0;
}

}  // extern "C"
