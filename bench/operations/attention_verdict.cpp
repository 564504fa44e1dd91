// SPDX-License-Identifier: Apache-2.0
#include "operations/attention_verdict.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "problems/work.hpp"
#include "reference/attention.hpp"

namespace qkv::bench {
namespace {

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

qkv_test::Array<float> seen_rows(const Floats& matrix, int64_t columns, int64_t first_row, VisibleKeys visible) {
  qkv_test::Array<float> rows({1, 1, visible.end - visible.begin, columns});
  std::copy_n(matrix.data() + (first_row + visible.begin) * columns, rows.values().size(), rows.values().begin());
  return rows;
}

// A problem of its own: one query over its visible keys, which no rule hides any more.
Verdict verdict_of_row(const Attention& shape, const AttentionInputs& inputs, const Floats& result,
                       const Place& place) {
  const int64_t query_row = (place.batch * shape.heads + place.head) * shape.queries + place.row;
  const int64_t kv_head = place.batch * shape.kv_heads + place.head / (shape.heads / shape.kv_heads);
  const VisibleKeys visible = visible_keys(shape, place.row);
  qkv_test::AttentionProblem problem{
      .keys = visible.end - visible.begin, .key_dim = shape.head_dim, .value_dim = shape.value_dim};
  problem.query = gather_rows(inputs.query, shape.head_dim, {query_row});
  problem.key = seen_rows(inputs.key, shape.head_dim, kv_head * shape.keys, visible);
  problem.value = seen_rows(inputs.value, shape.value_dim, kv_head * shape.keys, visible);
  return compare(gather_rows(result, shape.value_dim, {query_row}), attention_reference(problem).output);
}

}  // namespace

Verdict attention_verdict(const Attention& shape, const AttentionInputs& inputs, const Floats& result) {
  Verdict all;
  for (const Place& place : sampled_places(shape)) {
    Verdict row = verdict_of_row(shape, inputs, result, place);
    if (!row.failure.empty()) {
      row.failure = fmt::format("batch {}, head {}, row {}: {}", place.batch, place.head, place.row, row.failure);
    }
    all.merge(row);
  }
  return all;
}

}  // namespace qkv::bench
