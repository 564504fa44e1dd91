// SPDX-License-Identifier: Apache-2.0
// CBLAS, and what one library has that the other has not: how many threads a product takes.
#pragma once

#ifdef QKV_PEER_BLIS
#include <blis.h>
#else
#include <cblas.h>
#endif

#include <cstdint>

namespace qkv::peers {

void use_threads(int64_t count);

}  // namespace qkv::peers
