// SPDX-License-Identifier: Apache-2.0
// The rows of a decode task: a few query rows of one head group, each with the state of its online softmax.
#pragma once

#include "kernels/attention/online_softmax.hpp"
#include "kernels/attention/operands.hpp"

namespace qkv::QKV_ISA {
namespace {

struct DecodeRows {
  int64_t count;
  float* query;  // [count][query_stride], zeros behind the key dim
  int64_t query_stride;
  float *output, *total;  // [count][output_stride]: of this span of keys, and of those before
  int64_t output_stride;
  // A row is a lane where shifts are raised, so there is one for each lane of whole vectors.
  int64_t lane_count;
  float *shift, *folded, *limit, *sum, *total_sum;  // [lane_count]
  float* top;     // [lane_count]: of a block, its largest score, then what is to be subtracted from its scores
  float* factor;  // [lane_count]: of what was summed before
  float* weight;  // [count][weight_stride]
  int64_t weight_stride;
  bool fetches;  // K and V are too large to be in L2 from an earlier call
};

inline bool exceeds_l2(const qkv_attention_args& args) {
  constexpr int64_t usual_l2 = int64_t{1} << 20;
  const int64_t keys = args.key.shape[0] * args.key.shape[1] * args.key.shape[2];
  return keys > usual_l2 / int64_t{sizeof(float)} / larger(1, args.key.shape[3] + args.value.shape[3]);
}

inline DecodeRows open_rows(const AttentionTask& task) {
  const int64_t key_dim = task.args->query.shape[3], value_dim = task.args->value.shape[3];
  DecodeRows rows{};
  rows.count = task.row_count;
  rows.fetches = exceeds_l2(*task.args);
  rows.query = task.scratch.query;
  rows.query_stride = (key_dim + lanes - 1) / lanes * lanes;
  rows.output = task.scratch.output;
  rows.output_stride = (value_dim + lanes - 1) / lanes * lanes;
  rows.total = rows.output + rows.count * rows.output_stride;
  rows.shift = task.scratch.state;
  rows.lane_count = (rows.count + lanes - 1) / lanes * lanes;
  float** const numbers[] = {&rows.folded, &rows.limit, &rows.sum, &rows.total_sum, &rows.top, &rows.factor};
  static_assert(sizeof numbers / sizeof *numbers + 1 == state_numbers);
  float* next = rows.shift;
  for (float** number : numbers) *number = next += rows.lane_count;
  rows.weight = task.scratch.weight;
  rows.weight_stride = task.keys_per_block + lanes;
  for (int64_t i = 0; i < state_numbers * rows.lane_count; i += lanes) store(rows.shift + i, broadcast(0));
  for (int64_t r = 0; r < rows.lane_count; r += lanes) store(rows.limit + r, broadcast(-infinity));
  for (int64_t i = 0; i < 2 * rows.count * rows.output_stride; i += lanes) store(rows.output + i, broadcast(0));
  return rows;
}

inline void load_query(const AttentionTask& task, const DecodeRows& rows) {
  const qkv_tensor& query = task.args->query;
  const int64_t key_dim = query.shape[3];
  for (int64_t r = 0; r < rows.count; r++) {
    const auto* from = row_of<const float>(task, query, task.first_row + r);
    float* to = rows.query + r * rows.query_stride;
    for (int64_t c = 0; c < key_dim; c++) to[c] = from[c * query.stride[3]] * task.scale;
    for (int64_t c = key_dim; c < rows.query_stride; c++) to[c] = 0;
  }
}

// Multiplies all that a row has summed.
inline void rescale(const DecodeRows& rows, int64_t row, float factor) {
  if (factor == 1) return;
  for (float* sums : {rows.output, rows.total}) {
    float* at = sums + row * rows.output_stride;
    for (int64_t c = 0; c < rows.output_stride; c += lanes) store(at + c, load(at + c) * broadcast(factor));
  }
  rows.sum[row] *= factor;
  rows.total_sum[row] *= factor;
}

// Moves what a span of keys gave to the totals.
inline void close_span(const DecodeRows& rows) {
  for (int64_t i = 0; i < rows.count * rows.output_stride; i += lanes) {
    store(rows.total + i, load(rows.total + i) + load(rows.output + i));
    store(rows.output + i, broadcast(0));
  }
  for (int64_t r = 0; r < rows.count; r++) {
    rows.total_sum[r] += rows.sum[r];
    rows.sum[r] = 0;
  }
}

inline void close_rows(const AttentionTask& task, const DecodeRows& rows) {
  const qkv_tensor& output = task.args->output;
  for (int64_t r = 0; r < rows.count; r++) {
    auto* to = row_of<float>(task, output, task.first_row + r);
    const float* from = rows.total + r * rows.output_stride;
    const float inverse = rows.total_sum[r] == 0 ? 0 : 1 / rows.total_sum[r];
    for (int64_t c = 0; c < output.shape[3]; c++) to[c * output.stride[3]] = from[c] * inverse + 0.0F;  // no -0
    store_lse(task, task.first_row + r, rows.shift[r], rows.total_sum[r]);
  }
}

}  // namespace
}  // namespace qkv::QKV_ISA
