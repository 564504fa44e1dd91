// SPDX-License-Identifier: Apache-2.0
// Attention over a KV cache that was filled before the clock runs: contiguous, or in pages that lie in no order.
#include <algorithm>
#include <numeric>
#include <random>

#include "operations/attention_verdict.hpp"
#include "operations/call_of.hpp"

namespace qkv::bench {
namespace {

constexpr int32_t dtypes[] = {QKV_F32, QKV_F32, QKV_BF16, QKV_F16, QKV_I8};  // of cache_dtypes

qkv_kv_layout layout_of(const Attention& shape) {
  qkv_kv_layout layout = {};
  layout.key_dtype = layout.value_dtype = dtypes[shape.cache];
  layout.key_heads = shape.kv_heads;
  layout.key_dim = shape.head_dim;
  layout.value_dim = shape.value_dim;
  layout.page_size = shape.page != 0 ? shape.page : (shape.keys + 15) / 16 * 16;
  check(qkv_kv_layout_make(&layout));
  return layout;
}

struct CachedAttentionOperands {
  explicit CachedAttentionOperands(const Attention& sizes)
      : shape(sizes),
        layout(layout_of(sizes)),
        query(sizes.batch * sizes.heads * sizes.queries * sizes.head_dim, 1),
        result(Floats::filled(sizes.batch * sizes.heads * sizes.queries * sizes.value_dim, 0)),
        positions(static_cast<size_t>(sizes.batch), sizes.position),
        counts(static_cast<size_t>(sizes.batch), sizes.keys) {
    pages_per_sequence = (shape.keys + layout.page_size - 1) / layout.page_size;
    if (shape.page != 0) shuffle_pages();
    pool = Floats::filled(shape.batch * pages_per_sequence * layout.page_bytes / int64_t{sizeof(float)}, 0);
    fill();
  }

  void shuffle_pages() {
    table.resize(static_cast<size_t>(shape.batch * pages_per_sequence));
    std::iota(table.begin(), table.end(), 0);
    std::shuffle(table.begin(), table.end(), std::mt19937(1));
  }

  // Values as they come back are what results are compared with.
  void fill() {
    Floats keys(shape.batch * shape.kv_heads * shape.keys * shape.head_dim, 2);
    Floats values(shape.batch * shape.kv_heads * shape.keys * shape.value_dim, 3);
    cache = make_cache();
    auto append = make<qkv_kv_append_args>();
    append.cache = &cache;
    append.key = view(keys, {shape.batch, shape.kv_heads, shape.keys, shape.head_dim});
    append.value = view(values, {shape.batch, shape.kv_heads, shape.keys, shape.value_dim});
    compute(append);
    auto unpack = make<qkv_kv_unpack_args>();
    unpack.cache = &cache;
    unpack.key = append.key;
    unpack.value = append.value;
    compute(unpack);
    key = std::make_shared<const Floats>(std::move(keys));
    value = std::make_shared<const Floats>(std::move(values));
  }

  qkv_kv_cache make_cache() {
    qkv_kv_cache made = {};
    made.size = sizeof made;
    made.layout = layout;
    made.pages = pool.data();
    made.page_count = shape.batch * pages_per_sequence;
    made.pages_per_sequence = pages_per_sequence;
    made.page_table = table.empty() ? nullptr : table.data();
    return made;
  }

  qkv_attention_args args() {
    cache = make_cache();
    auto args = make<qkv_attention_args>();
    args.query = view(query, {shape.batch, shape.heads, shape.queries, shape.head_dim});
    args.output = view(result, {shape.batch, shape.heads, shape.queries, shape.value_dim});
    args.cache = &cache;
    args.key_count = counts.data();
    args.first_query_position = positions.data();
    args.causal = static_cast<int32_t>(shape.causal);
    args.window_left = shape.window;
    return args;
  }

  Floats& output() { return result; }
  Verdict verdict() const { return attention_verdict(shape, {query, *key, *value}, result); }

  Attention shape;
  qkv_kv_layout layout;
  std::shared_ptr<const Floats> key, value;  // only packed ones are read by a call
  Floats query, result, pool;
  std::vector<int64_t> positions, counts;
  std::vector<int32_t> table;
  int64_t pages_per_sequence = 0;
  qkv_kv_cache cache = {};
};

}  // namespace

std::unique_ptr<PreparedCall> prepare_cached(const Attention& shape, const Preparation& preparation) {
  return make_call(CachedAttentionOperands(shape), preparation);
}

}  // namespace qkv::bench
