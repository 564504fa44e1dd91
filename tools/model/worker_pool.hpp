// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "qkv/pool.h"

namespace qkv::tools {

// False in a build without OpenMP.
bool has_worker_pools();

// A pool of `workers` threads, 0 meaning one per core. Nothing, meaning this thread only, in a build without OpenMP.
std::optional<qkv_pool> worker_pool(std::int32_t workers);

}  // namespace qkv::tools
