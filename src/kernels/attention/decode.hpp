// SPDX-License-Identifier: Apache-2.0
// Decode: a few query rows per head group, keys in lanes. K and V are read once, whatever the group size, and the time
// to read them is the limit.
#pragma once

#include "kernels/attention/decode_scores.hpp"

namespace qkv::QKV_ISA {
namespace {

QKV_INLINE bool hides_keys(const AttentionTask& task, int64_t row, int64_t begin, int64_t end, bool biased) {
  return biased || task.visible[row].begin > begin || task.visible[row].end < end;
}

// Adds the bias to scores of keys [begin, end) and turns those of hidden keys, and lanes past the end, into -inf;
// returns the maxima.
inline Floats hide_scores(const AttentionTask& task, int64_t row, KeyRange keys, bool biased, float* score) {
  const int64_t count = keys.end - keys.begin;
  const KeyRange visible = intersect(task.visible[row], keys);
  const Floats begin = broadcast(static_cast<float>(visible.begin - keys.begin));
  const Floats end = broadcast(static_cast<float>(visible.end - keys.begin));
  const float* bias = task.scratch.bias;
  if (biased) read_bias(task, task.first_row + row, keys.begin, keys.end, task.scratch.bias, 1);
  Floats top = broadcast(-infinity);
  for (int64_t k = 0; k < count; k += lanes) {
    const Floats key = lane_numbers() + broadcast(static_cast<float>(k));
    Mask shown = key >= begin && key < end;
    Floats sum = load(score + k);
    if (biased) {
      const Floats added = load_first(bias + k, count - k);
      shown = shown && !(added == broadcast(-infinity));  // NaN shows
      sum = sum + added;
    }
    const JudgedScore judged = judge(sum, shown);
    top = max(judged.for_maximum, top);
    store(score + k, judged.stored);
  }
  return top;
}

// The same of a row that sees all keys, in whole vectors, with nothing to add: only scores that no f32 product reaches
// are rewritten.
inline Floats top_of_visible(int64_t count, float* score) {
  Floats top = broadcast(-infinity), least = broadcast(infinity);
  for (int64_t k = 0; k < count; k += lanes) {
    top = max(load(score + k), top);
    least = xsimd::min(load(score + k), least);
  }
  if (xsimd::all(least > broadcast(-0x1.fffffcp127F))) return top;
  for (int64_t k = 0; k < count; k += lanes) store(score + k, judge(load(score + k), first_lanes(lanes)).stored);
  return top;
}

// Moves the shifts of all rows where the block exceeds them: a row is a lane. Leaves what is to be subtracted from the
// scores in `top`.
inline void raise_rows(const DecodeRows& rows) {
  for (int64_t r = 0; r < rows.lane_count; r += lanes) {
    SoftmaxState state{load(rows.shift + r), load(rows.folded + r), load(rows.limit + r)};
    const Raise change = raise(state, load(rows.top + r));
    store(rows.shift + r, state.shift);
    store(rows.folded + r, state.folded);
    store(rows.limit + r, state.limit);
    store(rows.top + r, change.delta);
    store(rows.factor + r, change.factor);
  }
}

// Scores of one row to weights, that of a hidden key (-inf) to -0.0.
template <bool hides>
QKV_INLINE void weigh_row(const DecodeRows& rows, int64_t row, int64_t count) {
  float* weight = rows.weight + row * rows.weight_stride;
  const FoldedShift shift = fold_shift(broadcast(rows.folded[row]));
  if (rows.top[row] != 0) {
    for (int64_t k = 0; k < count; k += lanes) {
      store(weight + k, relative_score(load(weight + k), broadcast(rows.top[row])));
    }
  }
  Floats sum = broadcast(0);
  for (int64_t k = 0; k < count; k += lanes) {
    const Floats score = load(weight + k), value = exp2(score, shift);
    sum = sum + value;
    store(weight + k, hides ? select(score == broadcast(-infinity), broadcast(-0.0F), value) : value);
  }
  rescale(rows, row, rows.factor[row]);
  rows.sum[row] += sum_of_lanes(sum);
}

// Scores of keys [begin, end) to weights, for all rows; returns whether some row does not see some of the keys from
// `seen` on.
template <AttentionRecipe recipe>
QKV_INLINE bool weigh_rows(const AttentionTask& task, const DecodeRows& rows, KeyRange keys, int64_t seen) {
  constexpr bool biased = recipe == attention_biased;
  const int64_t count = keys.end - keys.begin;
  const auto whole = [&](int64_t r) {
    return count % lanes == 0 && !hides_keys(task, r, keys.begin, keys.end, biased);
  };
  for (int64_t r = 0; r < rows.count; r++) {
    float* score = rows.weight + r * rows.weight_stride;
    rows.top[r] = max_of_lanes(whole(r) ? top_of_visible(count, score) : hide_scores(task, r, keys, biased, score));
  }
  raise_rows(rows);
  bool hides = false;
  for (int64_t r = 0; r < rows.count; r++) {
    hides |= hides_keys(task, r, seen, keys.end, biased);
    whole(r) ? weigh_row<false>(rows, r, count) : weigh_row<true>(rows, r, count);
  }
  return hides;
}

// Vectors of a value tile: rows of V are read as they lie in memory, as far as registers for their sums go.
constexpr int value_vectors(int height) {
  return static_cast<int>(smaller(8, register_count / 2 / height));
}

template <int height, int vectors>
QKV_INLINE void add_value_tile(const DecodeRows& rows, int64_t row, int64_t column, Scalars value, int64_t keys) {
  constexpr int64_t at_once = 4;
  RegisterTile<height, vectors> tile;
  tile.clear();
  Scalars weight{rows.weight + row * rows.weight_stride, rows.weight_stride};
  Vectors vector{value.data + column, value.stride};
  const RowsAhead ahead = rows_ahead(value, rows.output_stride);
  int64_t k = 0;
  if (row == 0 && rows.fetches) {
    for (; k + at_once <= keys; k += at_once) {
      prefetch_rows<at_once, vectors * lanes* int{sizeof(float)}>(ahead, k, column);
      tile.template multiply<Lie::rows>(weight, vector, at_once);
      weight.data += at_once;
      vector.data += at_once * value.stride;
    }
  }
  tile.template multiply<Lie::rows>(weight, vector, keys - k);
  float* output = rows.output + row * rows.output_stride + column;
  tile.add_rows(output, rows.output_stride);
  tile.store_rows(output, rows.output_stride);
}

inline void add_values(const DecodeRows& rows, Scalars value, int64_t keys) {
  for_tiles_from<dot_rows>(0, rows.count, [&]<int height>(int64_t row) {
    constexpr int most = value_vectors(height);
    for (int64_t c = 0; c < rows.output_stride; c += most * lanes) {
      with_count<most>(smaller(most, (rows.output_stride - c) / lanes),
                       [&]<int vectors>() { add_value_tile<height, vectors>(rows, row, c, value, keys); });
    }
  });
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

template <AttentionRecipe recipe>
void decode(const AttentionTask& task) {
  const DecodeRows rows = start_rows(task);
  load_query(task, rows);
  const int64_t value_dim = task.args->value.shape[3];
  const KeyRange any = keys_of(task);
  // From the block's start: which lane a key falls into, and so the order of the sum, does not depend on other rows.
  for_blocks(task, any, [&](int64_t begin, int64_t end, bool closes_span) {
    score_rows(task, rows, begin, end);
    const bool hides = weigh_rows<recipe>(task, rows, {begin, end}, begin);
    const Scalars value = block_rows(task, task.args->value, begin, end, task.scratch.value);
    if (hides && has_non_finite(value, end - begin, value_dim)) {
      add_values_carefully(rows, value, end - begin);
    } else {
      add_values(rows, value, end - begin);
    }
    if (closes_span) close_span(task, rows);
  });
  if (task.parts == nullptr) write_output(task, rows);
}

}  // namespace
}  // namespace qkv::QKV_ISA
