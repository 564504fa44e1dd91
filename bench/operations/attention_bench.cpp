// SPDX-License-Identifier: Apache-2.0
// Attention on contiguous [batch, head, row, dim] operands.
#include <fmt/format.h>

#include <algorithm>

#include "operations/call_of.hpp"
#include "problems/work.hpp"
#include "reference/attention.hpp"

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

// A query row of the problem.
struct Place {
  int64_t batch, head, row;
};

// Over all heads, and from the first row to the last.
std::vector<Place> sampled_places(const Attention& shape) {
  const int64_t heads = shape.batch * shape.heads, all = heads * shape.queries;
  const auto dims = static_cast<double>(shape.head_dim + shape.value_dim);
  const std::vector<int64_t> samples = sampled_rows(all, static_cast<double>(shape.keys) * dims);
  const auto count = static_cast<int64_t>(samples.size());
  std::vector<Place> places;
  for (int64_t i = 0; i < count; i++) {
    if (count == all) {
      places.push_back({i / shape.queries / shape.heads, i / shape.queries % shape.heads, i % shape.queries});
    } else {
      const int64_t head = count < heads ? i * (heads - 1) / (count - 1) : i % heads;
      places.push_back({head / shape.heads, head % shape.heads, i * (shape.queries - 1) / (count - 1)});
    }
  }
  return places;
}

struct AttentionOperands {
  explicit AttentionOperands(const Attention& sizes)
      : shape(sizes),
        query(sizes.batch * sizes.heads * sizes.queries * sizes.head_dim, 1),
        key(sizes.batch * sizes.kv_heads * sizes.keys * sizes.head_dim, 2),
        value(sizes.batch * sizes.kv_heads * sizes.keys * sizes.value_dim, 3),
        result(Floats::filled(sizes.batch * sizes.heads * sizes.queries * sizes.value_dim, 0)),
        positions(static_cast<size_t>(sizes.batch), sizes.position) {}

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

  Verdict verdict() const {
    Verdict all;
    for (const Place& place : sampled_places(shape)) {
      Verdict row = verdict_of_row(place);
      if (!row.failure.empty()) {
        row.failure = fmt::format("batch {}, head {}, row {}: {}", place.batch, place.head, place.row, row.failure);
      }
      all.merge(row);
    }
    return all;
  }

  // A problem of its own: one query over its visible keys, which no rule hides any more.
  Verdict verdict_of_row(const Place& place) const {
    const int64_t query_row = (place.batch * shape.heads + place.head) * shape.queries + place.row;
    const int64_t kv_head = place.batch * shape.kv_heads + place.head / (shape.heads / shape.kv_heads);
    const VisibleKeys visible = visible_keys(shape, place.row);
    qkv_test::AttentionProblem problem{
        .keys = visible.end - visible.begin, .key_dim = shape.head_dim, .value_dim = shape.value_dim};
    problem.query = gather_rows(query, shape.head_dim, {query_row});
    problem.key = seen_rows(key, shape.head_dim, kv_head, visible);
    problem.value = seen_rows(value, shape.value_dim, kv_head, visible);
    return compare(gather_rows(result, shape.value_dim, {query_row}), attention_reference(problem).output);
  }

  qkv_test::Array<float> seen_rows(const Floats& matrix, int64_t columns, int64_t head, VisibleKeys visible) const {
    qkv_test::Array<float> rows({1, 1, visible.end - visible.begin, columns});
    const float* first = matrix.data() + (head * shape.keys + visible.begin) * columns;
    std::copy_n(first, rows.values().size(), rows.values().begin());
    return rows;
  }

  Attention shape;
  Floats query, key, value, result;
  std::vector<int64_t> positions;
};

}  // namespace

std::unique_ptr<PreparedCall> prepare_one(const Attention& shape, const Preparation& preparation) {
  return make_call(AttentionOperands(shape), preparation);
}

}  // namespace qkv::bench
