// SPDX-License-Identifier: Apache-2.0
// The rows of a decode task: a few query rows of one head group, each with the state of its online softmax.
#pragma once

#include "kernels/attention/online_softmax.hpp"
#include "kernels/attention/operands.hpp"

namespace qkv::QKV_ISA {
namespace {

// What rows have summed over some keys.
struct RowSums {
  float *shift, *sum;  // [lane_count]; where no key was visible, the shift is -inf in the end
  float* output;       // [count][output_stride]
};

struct DecodeRows : RowSums {  // of this span of keys
  RowSums total;               // of those before
  int64_t count;
  float* query;  // [count][query_stride], zeros behind the key dim
  int64_t query_stride, output_stride;
  // A row is a lane where shifts are raised, so there is one for each lane of whole vectors.
  int64_t lane_count;
  float *folded, *limit;  // [lane_count]
  float* top;             // [lane_count]: of a block, its largest score, then what is to be subtracted from its scores
  float* factor;          // [lane_count]: of what was summed before
  float* weight;          // [count][weight_stride]
  int64_t weight_stride;
  bool fetches;  // K and V are too large to be in L2 from an earlier call
};

inline bool exceeds_l2(const qkv_attention_args& args) {
  constexpr double usual_l2 = 1 << 20;
  double floats = static_cast<double>(args.key.shape[3] + args.value.shape[3]);
  for (int axis = 0; axis < 3; axis++) floats *= static_cast<double>(args.key.shape[axis]);
  return floats * sizeof(float) > usual_l2;
}

// A part is shifts, sums, outputs.
inline RowSums sums_in(float* part, int64_t lane_count) {
  return {part, part + lane_count, part + 2 * lane_count};
}

inline void clear_sums(const DecodeRows& rows, const RowSums& sums, float shift) {
  for (int64_t r = 0; r < rows.lane_count; r += lanes) {
    store(sums.shift + r, broadcast(shift));
    store(sums.sum + r, broadcast(0));
  }
  for (int64_t i = 0; i < rows.count * rows.output_stride; i += lanes) store(sums.output + i, broadcast(0));
}

inline void open_span(const DecodeRows& rows) {
  clear_sums(rows, rows, 0);
  for (int64_t r = 0; r < rows.lane_count; r += lanes) {
    store(rows.folded + r, broadcast(0));
    store(rows.limit + r, broadcast(-infinity));
  }
}

inline DecodeRows open_rows(const AttentionTask& task) {
  const int64_t key_dim = task.args->query.shape[3], value_dim = task.args->value.shape[3];
  DecodeRows rows{};
  rows.count = task.row_count;
  rows.fetches = exceeds_l2(*task.args);
  rows.query = task.scratch.query;
  rows.query_stride = (key_dim + lanes - 1) / lanes * lanes;
  rows.output_stride = (value_dim + lanes - 1) / lanes * lanes;
  rows.lane_count = (rows.count + lanes - 1) / lanes * lanes;
  static_cast<RowSums&>(rows) = sums_in(task.parts != nullptr ? task.parts : task.scratch.output, rows.lane_count);
  rows.total = sums_in(task.scratch.output + task.part_floats, rows.lane_count);
  float** const numbers[] = {&rows.folded, &rows.limit, &rows.top, &rows.factor};
  static_assert(sizeof numbers / sizeof *numbers == decode_state_numbers);
  float* next = task.scratch.state;
  for (float** number : numbers) {
    *number = next;
    next += rows.lane_count;
  }
  for (int64_t r = 0; r < rows.lane_count; r += lanes) store(rows.top + r, broadcast(0));
  rows.weight = task.scratch.weight;
  rows.weight_stride = task.keys_per_block + lanes;
  return rows;
}

// Rows that have seen nothing.
inline DecodeRows start_rows(const AttentionTask& task) {
  const DecodeRows rows = open_rows(task);
  open_span(rows);
  if (task.parts == nullptr) clear_sums(rows, rows.total, -infinity);
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

// Multiplies what a row has summed of this span.
inline void rescale(const DecodeRows& rows, int64_t row, float factor) {
  if (factor == 1) return;
  float* at = rows.output + row * rows.output_stride;
  for (int64_t c = 0; c < rows.output_stride; c += lanes) store(at + c, load(at + c) * broadcast(factor));
  rows.sum[row] *= factor;
}

// Adds a span's sums to the totals. Shifts are whole numbers, as long as exp2 can subtract them: nothing is rounded but
// the sum.
inline void add_to_total(const DecodeRows& rows, const RowSums& part) {
  const RowSums& total = rows.total;
  for (int64_t r = 0; r < rows.lane_count; r += lanes) {
    const Floats before = load(total.shift + r), added = load(part.shift + r), shift = max(before, added);
    const Floats one = broadcast(1);
    const Floats old_factor = select(before == shift, one, exp2(before - shift));
    const Floats factor = select(added == shift, one, exp2(added - shift));
    store(total.shift + r, shift);
    store(total.sum + r, fma(load(part.sum + r), factor, load(total.sum + r) * old_factor));
    store(rows.factor + r, old_factor);
    store(rows.top + r, factor);
  }
  for (int64_t r = 0; r < rows.count; r++) {
    const Floats old_factor = broadcast(rows.factor[r]), factor = broadcast(rows.top[r]);
    for (int64_t c = r * rows.output_stride; c < (r + 1) * rows.output_stride; c += lanes) {
      store(total.output + c, fma(load(part.output + c), factor, load(total.output + c) * old_factor));
    }
  }
}

// Of a task for all keys, moves what the span gave to the totals.
inline void close_span(const AttentionTask& task, const DecodeRows& rows) {
  for (int64_t r = 0; r < rows.lane_count; r += lanes) {
    const Mask fresh = load(rows.limit + r) == broadcast(-infinity);
    store(rows.shift + r, select(fresh, broadcast(-infinity), load(rows.shift + r)));
  }
  if (task.parts != nullptr) return;
  add_to_total(rows, rows);
  open_span(rows);
}

// Keys of the task that some row sees.
inline KeyRange keys_of(const AttentionTask& task) {
  return intersect({task.visible[0].begin, task.visible[task.row_count - 1].end}, task.keys);
}

inline void write_output(const AttentionTask& task, const DecodeRows& rows) {
  const qkv_tensor& output = task.args->output;
  for (int64_t r = 0; r < rows.count; r++) {
    auto* to = row_of<float>(task, output, task.first_row + r);
    const float* from = rows.total.output + r * rows.output_stride;
    const float sum = rows.total.sum[r], inverse = sum == 0 ? 0 : 1 / sum;
    for (int64_t c = 0; c < output.shape[3]; c++) to[c * output.stride[3]] = from[c] * inverse + 0.0F;  // no -0
    store_lse(task, task.first_row + r, rows.total.shift[r], sum);
  }
}

inline void join_parts(const AttentionTask& task) {
  const DecodeRows rows = open_rows(task);
  const KeyRange keys = keys_of(task);
  clear_sums(rows, rows.total, -infinity);
  for (int64_t begin = keys.begin / task.keys_per_span * task.keys_per_span; begin < keys.end;
       begin += task.keys_per_span) {
    const int64_t index = (begin - task.keys.begin) / task.keys_per_span;
    add_to_total(rows, sums_in(task.parts + index * task.part_floats, rows.lane_count));
  }
  write_output(task, rows);
}

}  // namespace
}  // namespace qkv::QKV_ISA
