// SPDX-License-Identifier: Apache-2.0
// Decode: a few query rows per head, keys in lanes. Keys are transposed once per block and serve all rows of the head
// group, so K and V are read once whatever the group size. The limit is the time to read them.
#pragma once

#include "kernels/attention/prefill_panel.hpp"
#include "kernels/simd/partition.hpp"

namespace qkv::QKV_ISA {
namespace {

constexpr int chunk_keys = panel_rows;  // keys transposed at a time

struct DecodeRows {
  int64_t count;
  float* query;           // [count][key dim]
  float *output, *total;  // [count][output_stride]: of this span of keys, and of those before
  int64_t output_stride;
  float *shift, *folded, *limit, *sum, *total_sum;  // [count]
  float* weight;                                    // [count][weight_stride]
  int64_t weight_stride;
};

inline DecodeRows open_rows(const AttentionTask& task) {
  const qkv_tensor& query = task.args->query;
  const int64_t key_dim = query.shape[3], value_dim = task.args->value.shape[3];
  DecodeRows rows{};
  rows.count = task.row_count;
  rows.query = task.scratch.query;
  rows.output = task.scratch.output;
  rows.output_stride = (value_dim + lanes - 1) / lanes * lanes;
  rows.total = rows.output + rows.count * rows.output_stride;
  rows.shift = task.scratch.state;
  rows.folded = rows.shift + rows.count;
  rows.limit = rows.folded + rows.count;
  rows.sum = rows.limit + rows.count;
  rows.total_sum = rows.sum + rows.count;
  rows.weight = task.scratch.weight;
  rows.weight_stride = task.keys_per_block + chunk_keys;
  for (int64_t r = 0; r < rows.count; r++) {
    const auto* from = row_of<const float>(task, query, task.first_row + r);
    for (int64_t c = 0; c < key_dim; c++) rows.query[r * key_dim + c] = from[c * query.stride[3]] * task.scale;
    rows.shift[r] = rows.folded[r] = rows.sum[r] = rows.total_sum[r] = 0;
    rows.limit[r] = -infinity;
  }
  for (int64_t i = 0; i < 2 * rows.count * rows.output_stride; i++) rows.output[i] = 0;
  return rows;
}

// weight[r][key - begin] = score, for keys [begin, end); lanes past the end hold anything.
inline void score_rows(const AttentionTask& task, const DecodeRows& rows, int64_t begin, int64_t end) {
  const qkv_tensor& key = task.args->key;
  const int64_t key_dim = key.shape[3];
  const float* base = static_cast<const float*>(key.data) + task.batch * key.stride[0] + task.key_head * key.stride[1];
  float* transposed = task.scratch.key;
  RowSet<const float> keys;
  keys.column_stride = key.stride[3];
  for (int64_t first = begin; first < end; first += chunk_keys) {
    const int64_t vectors = smaller(tile_vectors, (end - first + lanes - 1) / lanes);
    for (int64_t lane = 0; lane < vectors * lanes; lane += lanes) {
      keys.count = smaller(lanes, end - first - lane);
      for (int64_t r = 0; r < keys.count; r++) keys.row[r] = base + (first + lane + r) * key.stride[2];
      rows_to_lanes(keys, key_dim, broadcast(1), {transposed + lane, chunk_keys});
    }
    with_count<tile_vectors>(vectors, [&]<int vector_count>() {
      for_tiles<vector_count>(rows.count, [&]<int count>(int64_t r) {
        RegisterTile<count, vector_count> tile;
        tile.clear();
        float* score = rows.weight + r * rows.weight_stride + first - begin;
        multiply_in_chunks(tile, {rows.query + r * key_dim, key_dim}, {transposed, chunk_keys}, key_dim, score,
                           rows.weight_stride);
      });
    });
  }
}

QKV_INLINE bool hides_keys(const AttentionTask& task, int64_t row, int64_t begin, int64_t end, bool biased) {
  return biased || task.visible[row].begin > begin || task.visible[row].end < end;
}

// Adds the bias to scores of keys [begin, end) and turns those of hidden keys into -inf.
inline void hide_scores(const AttentionTask& task, int64_t row, int64_t begin, int64_t end, bool biased, float* score) {
  const KeyRange visible = task.visible[row];
  const int64_t count = end - begin;
  if (biased) {
    const float* bias = task.scratch.bias;
    read_bias(task, task.first_row + row, begin, end, task.scratch.bias, 1);
    for (int64_t k = 0; k < count; k += lanes) {
      const Floats added = load_first(bias + k, count - k);
      const Floats shown = finite_from_below(load(score + k) + added);
      store(score + k, select(added == broadcast(-infinity), broadcast(-infinity), shown));
    }
  } else {
    for (int64_t k = 0; k < count; k += lanes) store(score + k, finite_from_below(load(score + k)));
  }
  for (int64_t k = 0; k < smaller(count, visible.begin - begin); k++) score[k] = -infinity;
  for (int64_t k = larger(0, visible.end - begin); k < count; k++) score[k] = -infinity;
}

// Multiplies all that a row has summed.
inline void rescale(const DecodeRows& rows, int64_t row, Floats factor) {
  if (xsimd::all(factor == broadcast(1))) return;
  for (float* sums : {rows.output, rows.total}) {
    float* at = sums + row * rows.output_stride;
    for (int64_t c = 0; c < rows.output_stride; c += lanes) store(at + c, load(at + c) * factor);
  }
  for (float* sum : {rows.sum, rows.total_sum}) store_first(sum + row, load_first(sum + row, 1) * factor, 1);
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

// Scores of one row to weights, that of a hidden key (-inf) to -0.0. Lanes past the end hold -inf.
inline void weigh_row(const DecodeRows& rows, int64_t row, int64_t count) {
  float* weight = rows.weight + row * rows.weight_stride;
  Floats top = broadcast(-infinity);
  for (int64_t k = 0; k < count; k += lanes) top = max(load(weight + k), top);
  SoftmaxState state{broadcast(rows.shift[row]), broadcast(rows.folded[row]), broadcast(rows.limit[row])};
  const Raise change = raise(state, broadcast(max_of_lanes(top)));
  store_first(rows.shift + row, state.shift, 1);
  store_first(rows.folded + row, state.folded, 1);
  store_first(rows.limit + row, state.limit, 1);
  const FoldedShift shift = fold_shift(state.folded);
  Floats sum = broadcast(0);
  for (int64_t k = 0; k < count; k += lanes) {
    const Floats score = load(weight + k) - change.delta;
    const Floats value = exp2(score, shift);
    sum = sum + value;
    store(weight + k, select(score == broadcast(-infinity), broadcast(-0.0F), value));
  }
  rescale(rows, row, change.factor);
  rows.sum[row] += sum_of_lanes(sum);
}

inline void add_values(const DecodeRows& rows, Scalars value, int64_t keys) {
  for (int64_t c = 0; c < rows.output_stride; c += tile_vectors * lanes) {
    with_count<tile_vectors>((rows.output_stride - c) / lanes, [&]<int vectors>() {
      for_tiles<vectors>(rows.count, [&]<int count>(int64_t r) {
        RegisterTile<count, vectors> tile;
        tile.clear();
        tile.template multiply<Lie::rows>({rows.weight + r * rows.weight_stride, rows.weight_stride},
                                          {value.data + c, value.stride}, keys);
        float* output = rows.output + r * rows.output_stride + c;
        tile.add_rows(output, rows.output_stride);
        tile.store_rows(output, rows.output_stride);
      });
    });
  }
}

// The same without the products of hidden keys, whose values may be NaN. Their weight is -0.0.
inline void add_values_carefully(const DecodeRows& rows, Scalars value, int64_t keys) {
  for (int64_t r = 0; r < rows.count; r++) {
    float* output = rows.output + r * rows.output_stride;
    for (int64_t c = 0; c < rows.output_stride; c += lanes) {
      Floats sum = broadcast(0);
      for (int64_t k = 0; k < keys; k++) {
        const float weight = rows.weight[r * rows.weight_stride + k];
        if (!is_hidden(weight)) sum = fma(broadcast(weight), load(value.data + k * value.stride + c), sum);
      }
      store(output + c, load(output + c) + sum);
    }
  }
}

inline void close_rows(const AttentionTask& task, const DecodeRows& rows) {
  const qkv_tensor& output = task.args->output;
  for (int64_t r = 0; r < rows.count; r++) {
    auto* to = row_of<float>(task, output, task.first_row + r);
    const float* from = rows.total + r * rows.output_stride;
    const float inverse = rows.total_sum[r] == 0 ? 0 : 1 / rows.total_sum[r];
    for (int64_t c = 0; c < output.shape[3]; c++) to[c * output.stride[3]] = from[c] * inverse;
    store_lse(task, task.first_row + r, rows.shift[r], rows.total_sum[r]);
  }
}

template <AttentionRecipe recipe>
void decode(const AttentionTask& task) {
  const DecodeRows rows = open_rows(task);
  const int64_t value_dim = task.args->value.shape[3];
  const KeyRange any{task.visible[0].begin, task.visible[rows.count - 1].end};
  // From the block's start: which lane a key falls into, and so the order of the sum, does not depend on other rows.
  for_blocks(task, any, [&](int64_t begin, int64_t end, bool closes_span) {
    score_rows(task, rows, begin, end);
    bool hides = false;
    for (int64_t r = 0; r < rows.count; r++) {
      constexpr bool biased = recipe == attention_biased;
      float* score = rows.weight + r * rows.weight_stride;
      if (hides_keys(task, r, begin, end, biased)) {
        hide_scores(task, r, begin, end, biased, score);
        hides = true;
      }
      for (int64_t k = end - begin; k % lanes != 0; k++) score[k] = -infinity;
      weigh_row(rows, r, end - begin);
    }
    const Scalars value = block_rows(task, task.args->value, begin, end, task.scratch.value);
    if (hides && has_non_finite(value, end - begin, value_dim)) {
      add_values_carefully(rows, value, end - begin);
    } else {
      add_values(rows, value, end - begin);
    }
    if (closes_span) close_span(rows);
  });
  close_rows(task, rows);
}

}  // namespace
}  // namespace qkv::QKV_ISA
