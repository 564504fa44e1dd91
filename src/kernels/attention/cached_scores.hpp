// SPDX-License-Identifier: Apache-2.0
// Scores of a few query rows over packed keys: 16 keys in lanes, so that nothing is added across lanes. K is read once
// from memory, in its order, and from L1 for further rows.
#pragma once

#include "kernels/attention/cached_block.hpp"
#include "kernels/attention/decode_rows.hpp"
#include "kernels/simd/partition.hpp"

namespace qkv::QKV_ISA {
namespace {

constexpr int group_vectors = group_tokens / lanes;
// A key's products are summed in so many chains, as one would leave multiply-adds waiting for each other. Whatever the
// number of rows, so that it has no influence on their bits.
constexpr int score_chains = group_vectors >= 4 ? 1 : 4 / group_vectors;
constexpr int score_rows_at_once = register_count >= 32 ? 4 : 2;
constexpr int64_t score_chunk = depth_chunk * score_chains;

template <int height>
struct ScoreTile {
  Floats sum[size_t{height}][size_t{score_chains}][size_t{group_vectors}];

  QKV_INLINE void clear() {
    QKV_UNROLL for (int i = 0; i < height; i++) {
      QKV_UNROLL for (int chain = 0; chain < score_chains; chain++) {
        QKV_UNROLL for (int j = 0; j < group_vectors; j++) sum[i][chain][j] = broadcast(0);
      }
    }
  }
  template <class T>
  QKV_INLINE void step(const T* key, const float* query, int64_t stride, int chain) {
    QKV_UNROLL for (int j = 0; j < group_vectors; j++) {
      const Floats keys = load_elements(key + chain * group_tokens + j * lanes);
      QKV_UNROLL for (int i = 0; i < height; i++) {
        sum[i][chain][j] = fma(broadcast(query[i * stride + chain]), keys, sum[i][chain][j]);
      }
    }
  }
  template <class T>
  QKV_INLINE void multiply(const T* key, const float* query, int64_t stride, int64_t depth) {
    int64_t c = 0;
    QKV_NO_UNROLL for (; c + score_chains <= depth; c += score_chains) {
      QKV_UNROLL for (int chain = 0; chain < score_chains; chain++) step(key, query, stride, chain);
      key += score_chains * group_tokens;
      query += score_chains;
    }
    QKV_UNROLL for (int chain = 0; chain < score_chains - 1; chain++) {
      if (c + chain < depth) step(key, query, stride, chain);
    }
  }
  QKV_INLINE Floats total(int i, int j) const {
    Floats part[size_t{score_chains}];
    QKV_UNROLL for (int chain = 0; chain < score_chains; chain++) part[chain] = sum[i][chain][j];
    QKV_UNROLL for (int width = score_chains / 2; width > 0; width /= 2) {
      QKV_UNROLL for (int chain = 0; chain < width; chain++) part[chain] = part[chain] + part[chain + width];
    }
    return part[0];
  }
};

// to[i * to_stride + k] = query row i . key k of the group.
template <class T, int height>
QKV_INLINE void score_group(const T* key, const DecodeRows& rows, int64_t row, int64_t key_dim, float* to) {
  const float* query = rows.query + row * rows.query_stride;
  const float* scales = scales_behind(key + key_dim * group_tokens);
  int64_t depth = 0;
  do {
    const int64_t chunk = smaller(score_chunk, key_dim - depth);
    ScoreTile<height> tile;
    tile.clear();
    tile.multiply(key + depth * group_tokens, query + depth, rows.query_stride, chunk);
    QKV_UNROLL for (int i = 0; i < height; i++) {
      QKV_UNROLL for (int j = 0; j < group_vectors; j++) {
        float* at = to + i * rows.weight_stride + j * lanes;
        Floats score = tile.total(i, j);
        if constexpr (has_scales<T>) score = score * load(scales + j * lanes);
        store(at, depth > 0 ? load(at) + score : score);
      }
    }
    depth += chunk;
  } while (depth < key_dim);
}

// weight[r][key] = score for the keys that some row sees; other lanes of their groups hold anything.
inline void score_cached_rows(const AttentionTask& task, const DecodeRows& rows, const CachedBlock& block) {
  const qkv_kv_layout& layout = task.args->cache->layout;
  with_elements(layout.key_dtype, [&]<class T>() {
    for_seen_groups(block, [&](int64_t g, int64_t, int64_t) {
      const T* key = reinterpret_cast<const T*>(block.key[g]);
      for_tiles_from<score_rows_at_once>(0, rows.count, [&]<int height>(int64_t row) {
        float* to = rows.weight + row * rows.weight_stride + g * key_group;
        score_group<T, height>(key, rows, row, layout.key_dim, to);
      });
    });
  });
}

}  // namespace
}  // namespace qkv::QKV_ISA
