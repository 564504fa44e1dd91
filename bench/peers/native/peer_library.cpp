// SPDX-License-Identifier: Apache-2.0
// The C functions of every peer library.
#include <cstdio>
#include <exception>

#include "peer.hpp"

namespace {

constexpr size_t reason_bytes = 256;  // as the loading process has it

template <class Problem>
void* prepared(const Problem* problem, char* reason) {
  try {
    return qkv::peers::prepare(*problem).release();
  } catch (const std::exception& error) {
    std::snprintf(reason, reason_bytes, "%s", error.what());
    return nullptr;
  }
}

}  // namespace

extern "C" {

const char* qkv_peer_version() {
  return qkv::peers::version();
}

void* qkv_peer_attention(const qkv::peers::AttentionProblem* problem, char* reason) {
  return prepared(problem, reason);
}

void* qkv_peer_matmul(const qkv::peers::MatmulProblem* problem, char* reason) {
  return prepared(problem, reason);
}

void qkv_peer_run(void* handle, int64_t calls) {
  for (int64_t call = 0; call < calls; call++) static_cast<qkv::peers::Prepared*>(handle)->run();
}

void qkv_peer_free(void* handle) {
  delete static_cast<qkv::peers::Prepared*>(handle);
}

}  // extern "C"
