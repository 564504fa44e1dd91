// SPDX-License-Identifier: Apache-2.0
// Attention on contiguous [batch, head, row, dim] operands.
#include <fmt/format.h>

#include <cmath>

#include "operations/attention_verdict.hpp"
#include "operations/call_of.hpp"

namespace qkv::bench {
namespace {

// The field came after the first version of the library.
template <class Args>
void set_window(Args& args, int64_t window) {
  if constexpr (requires { args.window_left; }) {
    args.window_left = window;
  } else if (window != 0) {
    throw NotSupported(fmt::format("window={}: not supported by this library version", window));
  }
}

struct AttentionOperands {
  explicit AttentionOperands(const Attention& sizes)
      : shape(sizes),
        query(sizes.batch * sizes.heads * sizes.queries * sizes.head_dim, 1),
        key(sizes.batch * sizes.kv_heads * sizes.keys * sizes.head_dim, 2),
        value(sizes.batch * sizes.kv_heads * sizes.keys * sizes.value_dim, 3),
        result(Floats::filled(sizes.batch * sizes.heads * sizes.queries * sizes.value_dim, 0)),
        positions(static_cast<size_t>(sizes.batch), sizes.position) {
    if (sizes.rising != 0) make_scores_rise();
  }

  // Each key's score is about 0.4 above the one before. The default scale is 1 / sqrt(head_dim).
  void make_scores_rise() {
    const int64_t dim = shape.head_dim;
    for (int64_t i = 0; i * dim < std::ssize(query); i++) query.data()[i * dim] = std::sqrt(static_cast<float>(dim));
    for (int64_t i = 0; i * dim < std::ssize(key); i++) key.data()[i * dim] = 0.4F * static_cast<float>(i % shape.keys);
  }

  qkv_attention_args args() {
    auto args = make<qkv_attention_args>();
    args.query = view(query, {shape.batch, shape.heads, shape.queries, shape.head_dim});
    args.key = view(key, {shape.batch, shape.kv_heads, shape.keys, shape.head_dim});
    args.value = view(value, {shape.batch, shape.kv_heads, shape.keys, shape.value_dim});
    args.output = view(result, {shape.batch, shape.heads, shape.queries, shape.value_dim});
    args.first_query_position = positions.data();
    args.causal = static_cast<int32_t>(shape.causal);
    set_window(args, shape.window);
    return args;
  }

  Floats& output() { return result; }

  Verdict verdict() const { return attention_verdict(shape, {query, key, value}, result); }

  Attention shape;
  Floats query, key, value, result;
  std::vector<int64_t> positions;
};

}  // namespace

std::unique_ptr<PreparedCall> prepare_one(const Attention& shape, const Preparation& preparation) {
  if (shape.cache != 0) return prepare_cached(shape, preparation);
  return make_call(AttentionOperands(shape), preparation);
}

}  // namespace qkv::bench
