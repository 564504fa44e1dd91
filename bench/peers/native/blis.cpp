// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <string>

#include "blas.hpp"
#include "peer.hpp"

namespace qkv::peers {
namespace {

// BLIS 0.9 takes its plain C kernels on AMD CPUs with AVX-512, which are younger than it. It deserves the best that it
// has for them; whoever has set BLIS_ARCH_TYPE decides.
void choose_kernels() {
#if defined(__x86_64__)
  const bool too_young = __builtin_cpu_is("amd") != 0 && __builtin_cpu_supports("avx512f") != 0;
  const bool old_library = bli_info_get_version_str()[0] == '0';
  if (too_young && old_library) setenv("BLIS_ARCH_TYPE", std::to_string(BLIS_ARCH_SKX).c_str(), 0);
#endif
}

}  // namespace

void use_threads(int64_t count) {
  bli_thread_set_num_threads(count);
}

const char* version() {
  static const std::string text = [] {
    choose_kernels();
    bli_init();  // the query below does not do it
    return std::string(bli_info_get_version_str()) + " " + bli_arch_string(bli_arch_query_id());
  }();
  return text.c_str();
}

}  // namespace qkv::peers
