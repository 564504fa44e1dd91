// SPDX-License-Identifier: Apache-2.0
// Validation of a caller's KV cache: what it says of itself, its memory, and the pages that tokens lie in.
#pragma once

#include "qkv/kv_cache.h"

namespace qkv {

// Everything but pointers and ids. `cache` may be NULL.
qkv_status check_cache(const qkv_kv_cache* cache);

// For a run, that a checked cache is one that the plan was made for.
qkv_status check_planned_cache(const qkv_kv_cache& cache, const qkv_kv_layout& layout, int64_t pages_per_sequence);

// Pages and table are there and aligned, the table has so many sequences, and they lie apart.
qkv_status check_cache_memory(const qkv_kv_cache& cache, int64_t sequences);

// That no byte of an operand is one of the pages, of the table, or of the struct itself.
qkv_status check_apart_from_cache(const char* name, const qkv_tensor& view, const qkv_kv_cache& cache,
                                  int64_t sequences);

// Tokens [first, last) of a sequence, which has room for them.
struct TokenRange {
  int64_t sequence, first, last;
};
// That their pages are in the pool.
qkv_status check_pages(const qkv_kv_cache& cache, const TokenRange& tokens);

inline int64_t tokens_per_sequence(const qkv_kv_cache& cache) {
  return cache.pages_per_sequence * cache.layout.page_size;
}

}  // namespace qkv
