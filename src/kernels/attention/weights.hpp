// SPDX-License-Identifier: Apache-2.0
// The softmax itself, for looking at: one row after another, score by score. Not the fused kernel and not fast.
#pragma once

#include "kernels/attention/online_softmax.hpp"
#include "kernels/attention/operands.hpp"
#include "kernels/simd/load_store.hpp"

namespace qkv::QKV_ISA {
namespace {

inline float dot(const float* query, const float* key, int64_t key_stride, int64_t count) {
  Floats sum = broadcast(0);
  for (int64_t c = 0; c < count; c += lanes) {
    sum = fma(load_first(query + c, count - c), load_strided(key + c * key_stride, key_stride, count - c), sum);
  }
  return sum_of_lanes(sum);
}

// Keys [begin, end) as rows.
inline TokenRows key_rows(const AttentionTask& task, int64_t begin, int64_t end) {
  const qkv_tensor& key = task.args->key;
  const qkv_kv_cache* cache = task.args->cache;
  float* head = static_cast<float*>(key.data) + task.batch * key.stride[0] + task.key_head * key.stride[1];
  if (cache == nullptr) return {head, 0, key.stride[2], key.stride[3]};
  const TokenRows rows{task.scratch.key, begin, (key.shape[3] + lanes - 1) / lanes * lanes, 1};
  unpack_key_rows(HeadTiles(*cache, task.batch, task.key_head), {begin, end}, rows);
  return rows;
}

// score[k] for keys of `visible`, -inf where the key is hidden; returns the largest that is a number, or -inf.
inline float score_row(const AttentionTask& task, int64_t row, KeyRange visible, float* score) {
  const qkv_tensor &query = task.args->query, &key = task.args->key;
  const auto* from = row_of<const float>(task, query, row);
  for (int64_t c = 0; c < query.shape[3]; c++) task.scratch.query[c] = from[c * query.stride[3]] * task.scale;
  read_bias(task, row, visible.begin, visible.end, score + visible.begin, 1);
  float top = -infinity;
  for (int64_t k = visible.begin, next; k < visible.end; k = next) {
    next = smaller(visible.end, k - k % task.keys_per_block + task.keys_per_block);
    const TokenRows keys = key_rows(task, k, next);
    for (int64_t j = k; j < next; j++) {
      if (score[j] == -infinity) continue;
      const Row from_key = keys.row(j);
      score[j] += dot(task.scratch.query, from_key.data, from_key.stride, key.shape[3]);
      top = score[j] > top ? score[j] : top;
      store_first(score + j, judge(broadcast(score[j]), first_lanes(lanes)).stored, 1);
    }
  }
  return top;
}

// Turns scores into weights, those of hidden keys into -0.0, and returns their sum: of sums of 256 weights each, so
// that the error grows with neither alone.
inline float exponentials(float* score, KeyRange visible, float top) {
  float total = 0, block = 0;
  for (int64_t k = visible.begin; k < visible.end; k++) {
    const bool hidden = score[k] == -infinity;
    store_first(score + k, exp2(broadcast(score[k] - (top == -infinity ? 0 : top))), 1);
    block += score[k];
    if (hidden) score[k] = -0.0F;
    if (k % 256 == 255) {
      total += block;
      block = 0;
    }
  }
  return total + block;
}

inline void weights(const AttentionTask& task) {
  const qkv_tensor& output = task.args->weights;
  float* score = task.scratch.row;
  for (int64_t r = 0; r < task.row_count; r++) {
    const KeyRange visible = task.visible[r];
    const float top = score_row(task, task.first_row + r, visible, score);
    const float sum = exponentials(score, visible, top);
    auto* to = row_of<float>(task, output, task.first_row + r);
    for (int64_t k = 0; k < output.shape[3]; k++) {
      const bool seen = k >= visible.begin && k < visible.end && !is_hidden(score[k]) && sum != 0;
      to[k * output.stride[3]] = seen ? score[k] / sum : 0;
    }
  }
}

}  // namespace
}  // namespace qkv::QKV_ISA
