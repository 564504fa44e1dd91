// SPDX-License-Identifier: Apache-2.0
#include "plan/kv_plan.hpp"

#include <algorithm>

namespace qkv {

KvTask kv_task(const qkv_kv_cache& cache, const KvSpan& span, int64_t key_head, int64_t chunk) {
  KvTask task{};
  task.cache = &cache;
  task.sequence = span.sequence;
  task.key_head = key_head;
  task.origin = span.first;
  const int64_t end = span.first + span.count;
  const int64_t begin = std::min((span.first / kv_chunk_tokens + chunk), end / kv_chunk_tokens + 1) * kv_chunk_tokens;
  task.first = std::min(end, std::max(span.first, begin));
  task.last = std::min(end, begin > end ? end : begin + kv_chunk_tokens);
  return task;
}

void copy_page(const qkv_kv_cache& cache, int64_t from, int64_t to, int64_t tokens) {
  const qkv_kv_layout& layout = cache.layout;
  auto* pages = static_cast<char*>(cache.pages);
  const int64_t bytes = divide_up(tokens, layout.tile_tokens) * layout.tile_bytes;
  for (int64_t head = 0; head < layout.key_heads; head++) {
    const int64_t offset = head * layout.head_bytes;
    std::memcpy(pages + to * layout.page_bytes + offset, pages + from * layout.page_bytes + offset,
                static_cast<size_t>(bytes));
  }
}

}  // namespace qkv
