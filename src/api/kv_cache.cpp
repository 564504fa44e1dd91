// SPDX-License-Identifier: Apache-2.0
#include "api/kv_cache.hpp"

#include <cstring>

#include "api/error.hpp"
#include "api/options.hpp"
#include "api/regions.hpp"
#include "plan/plan.hpp"

namespace qkv {
namespace {

using Long = long long;

static_assert(sizeof(qkv_kv_layout) == 2 * sizeof(int32_t) * 2 + 9 * sizeof(int64_t), "compared as bytes");

bool same(const qkv_kv_layout& a, const qkv_kv_layout& b) {
  return std::memcmp(&a, &b, sizeof a) == 0;
}

qkv_status check_size(const qkv_kv_cache* cache) {
  if (cache == nullptr) return fail(QKV_INVALID_ARGUMENT, "cache = NULL");
  if (cache->size == sizeof *cache) return QKV_OK;
  return fail(QKV_INVALID_ARGUMENT, "cache.size = %zu: must be sizeof of its struct, %zu", cache->size, sizeof *cache);
}

qkv_status check_layout(const qkv_kv_layout& layout) {
  qkv_kv_layout made = layout;
  if (const qkv_status status = qkv_kv_layout_make(&made); status != QKV_OK) return status;
  if (same(made, layout)) return QKV_OK;
  return fail(QKV_INVALID_ARGUMENT, "cache.layout: is not as qkv_kv_layout_make makes it, page_bytes = %lld, not %lld",
              Long{layout.page_bytes}, Long{made.page_bytes});
}

// Positions stay far enough below 2^63 that chunks of them can be counted.
bool extents_overflow(const qkv_kv_cache& cache) {
  int64_t tokens, bytes;
  return __builtin_mul_overflow(cache.pages_per_sequence, cache.layout.page_size, &tokens) || tokens > INT64_MAX / 2 ||
         __builtin_mul_overflow(cache.page_count, cache.layout.page_bytes, &bytes);
}

int64_t table_stride(const qkv_kv_cache& cache) {
  return cache.page_table_stride != 0 ? cache.page_table_stride : cache.pages_per_sequence;
}

// All of the caller's table, or nothing.
qkv_status view_of_table(const qkv_kv_cache& cache, int64_t sequences, qkv_tensor& view) {
  view = bytes_at(cache.page_table, 0);
  int64_t ids = 0;
  if (cache.page_table == nullptr || sequences == 0) return QKV_OK;
  if (__builtin_mul_overflow(sequences - 1, table_stride(cache), &ids) ||
      __builtin_add_overflow(ids, cache.pages_per_sequence, &ids) ||
      __builtin_mul_overflow(ids, int64_t{sizeof(int32_t)}, &ids)) {
    return fail(QKV_INVALID_ARGUMENT, "cache.page_table_stride = %lld: the table reaches beyond 2^63 bytes",
                Long{cache.page_table_stride});
  }
  view = bytes_at(cache.page_table, ids);
  return QKV_OK;
}

qkv_tensor view_of_pages(const qkv_kv_cache& cache) {
  return bytes_at(cache.pages, cache.page_count * cache.layout.page_bytes);
}

int64_t page_of(const qkv_kv_cache& cache, int64_t sequence, int64_t index) {
  if (cache.page_table != nullptr) return cache.page_table[sequence * table_stride(cache) + index];
  int64_t page;
  const bool overflows =
      __builtin_mul_overflow(sequence, cache.pages_per_sequence, &page) || __builtin_add_overflow(page, index, &page);
  return overflows ? -1 : page;
}

}  // namespace

qkv_status check_cache(const qkv_kv_cache* cache) {
  if (const qkv_status status = check_size(cache); status != QKV_OK) return status;
  if (const qkv_status status = check_layout(cache->layout); status != QKV_OK) return status;
  const struct {
    const char* name;
    int64_t value;
  } counts[] = {{"page_count", cache->page_count}, {"pages_per_sequence", cache->pages_per_sequence}};
  for (const auto& [name, value] : counts) {
    if (value < 0) return fail(QKV_INVALID_ARGUMENT, "cache.%s = %lld: must not be negative", name, Long{value});
  }
  if (extents_overflow(*cache)) {
    return fail(QKV_INVALID_ARGUMENT, "cache.page_count = %lld, pages_per_sequence = %lld: their sizes overflow",
                Long{cache->page_count}, Long{cache->pages_per_sequence});
  }
  if (cache->page_table_stride == 0 || cache->page_table_stride >= cache->pages_per_sequence) return QKV_OK;
  return fail(QKV_INVALID_ARGUMENT, "cache.page_table_stride = %lld: must be 0 or at least pages_per_sequence = %lld",
              Long{cache->page_table_stride}, Long{cache->pages_per_sequence});
}

qkv_status check_planned_cache(const qkv_kv_cache& cache, const qkv_kv_layout& layout, int64_t pages_per_sequence) {
  if (!same(cache.layout, layout)) {
    return fail(QKV_INVALID_ARGUMENT, "cache.layout: the plan was made with another, page_bytes = %lld, not %lld",
                Long{layout.page_bytes}, Long{cache.layout.page_bytes});
  }
  return check_planned("cache.pages_per_sequence", cache.pages_per_sequence, pages_per_sequence);
}

qkv_status check_cache_memory(const qkv_kv_cache& cache, int64_t sequences) {
  if (reinterpret_cast<uintptr_t>(cache.pages) % cache_line != 0) {
    return fail(QKV_INVALID_ARGUMENT, "cache.pages = %p: must be aligned to 64 bytes", cache.pages);
  }
  if (reinterpret_cast<uintptr_t>(cache.page_table) % alignof(int32_t) != 0) {
    return fail(QKV_INVALID_ARGUMENT, "cache.page_table = %p: not aligned to its element",
                static_cast<const void*>(cache.page_table));
  }
  qkv_tensor table;
  if (const qkv_status status = view_of_table(cache, sequences, table); status != QKV_OK) return status;
  return check_apart("cache.pages", view_of_pages(cache), "cache.page_table", table);
}

qkv_status check_apart_from_cache(const char* name, const qkv_tensor& view, const qkv_kv_cache& cache,
                                  int64_t sequences) {
  if (!present(view)) return QKV_OK;
  qkv_tensor table;
  if (const qkv_status status = view_of_table(cache, sequences, table); status != QKV_OK) return status;
  qkv_status apart = check_apart(name, view, "cache", bytes_at(&cache, sizeof cache));
  if (apart == QKV_OK) apart = check_apart(name, view, "cache.pages", view_of_pages(cache));
  return apart != QKV_OK ? apart : check_apart(name, view, "cache.page_table", table);
}

qkv_status check_pages(const qkv_kv_cache& cache, const TokenRange& tokens) {
  if (tokens.first >= tokens.last) return QKV_OK;
  const int64_t first = tokens.first / cache.layout.page_size, last = (tokens.last - 1) / cache.layout.page_size;
  for (int64_t index = first; index <= last; index++) {
    const int64_t page = page_of(cache, tokens.sequence, index);
    if (page >= 0 && page < cache.page_count) continue;
    if (cache.page_table == nullptr) {
      return fail(QKV_INVALID_ARGUMENT, "cache.page_count = %lld: sequence %lld needs its page %lld",
                  Long{cache.page_count}, Long{tokens.sequence}, Long{index});
    }
    return fail(QKV_INVALID_ARGUMENT, "cache.page_table[%lld][%lld] = %lld: must be at least 0 and below %lld",
                Long{tokens.sequence}, Long{index}, Long{page}, Long{cache.page_count});
  }
  return QKV_OK;
}

}  // namespace qkv
