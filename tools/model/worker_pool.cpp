// SPDX-License-Identifier: Apache-2.0
#include "model/worker_pool.hpp"

#ifdef QKV_TOOLS_OPENMP
#include "qkv/openmp.h"
#endif

namespace qkv::tools {

bool has_worker_pools() {
#ifdef QKV_TOOLS_OPENMP
  return true;
#else
  return false;
#endif
}

std::optional<qkv_pool> worker_pool([[maybe_unused]] std::int32_t workers) {
#ifdef QKV_TOOLS_OPENMP
  return qkv_openmp_pool(workers);
#else
  return std::nullopt;
#endif
}

}  // namespace qkv::tools
