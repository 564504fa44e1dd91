// SPDX-License-Identifier: Apache-2.0
// Scores of a few query rows over packed keys, with keys in lanes: nothing is added across lanes. K is read once from
// memory, in its order, and from L1 for further rows.
#pragma once

#include "kernels/attention/cached_block.hpp"
#include "kernels/attention/decode_rows.hpp"
#include "kernels/simd/partition.hpp"

namespace qkv::QKV_ISA {
namespace {

constexpr int score_rows_at_once = register_count >= 32 ? 4 : 2;
constexpr int score_vectors(int height) {
  return register_count / 2 / height;
}

// Scaled to log2 units, element c of row `row + i` of a tile of `height` rows at query[row * key_dim + c * height + i].
inline void pack_query(const AttentionTask& task, const DecodeRows& rows) {
  const qkv_tensor& query = task.args->query;
  const int64_t key_dim = query.shape[3];
  for_tiles_from<score_rows_at_once>(0, rows.count, [&]<int height>(int64_t row) {
    for (int64_t i = 0; i < height; i++) {
      const auto* from = row_of<const float>(task, query, task.first_row + row + i);
      float* to = rows.query + row * key_dim + i;
      for (int64_t c = 0; c < key_dim; c++) to[c * height] = from[c * query.stride[3]] * task.scale;
    }
  });
}

// Scores of one piece of a block.
template <class T>
struct PieceScores {
  const DecodeRows& rows;
  const CachedPiece& piece;
  int64_t key_dim, tile_tokens, tile_bytes;

  const T* keys() const { return reinterpret_cast<const T*>(piece.tile); }

  // Rows [row, row + height) and `vectors` vectors of keys from lane `lane` of the tile on.
  template <int height, int vectors>
  QKV_INLINE void score(int64_t row, int64_t lane) const {
    const float* query = rows.query + row * key_dim;
    float* to = rows.weight + row * rows.weight_stride + piece.first - piece.lane + lane;
    int64_t depth = 0;
    do {
      const int64_t chunk = smaller(depth_chunk, key_dim - depth);
      RegisterTile<height, vectors> tile;
      tile.clear();
      multiply(tile, keys() + depth * tile_tokens + lane, query + depth * height, chunk, row == 0);
      if (depth > 0) tile.add_rows(to, rows.weight_stride);
      tile.store_rows(to, rows.weight_stride);
      depth += chunk;
    } while (depth < key_dim);
    if constexpr (has_scales<T>) scale<height, vectors>(to, lane);
  }

  // fetches: nobody has read these keys before.
  template <int height, int vectors>
  QKV_INLINE void multiply(RegisterTile<height, vectors>& tile, const T* key, const float* query, int64_t depth,
                           bool fetches) const {
    constexpr int row_bytes = vectors * lanes * static_cast<int>(sizeof(T));
    QKV_NO_UNROLL for (int64_t c = 0; c < depth; c++, key += tile_tokens, query += height) {
      if (fetches) prefetch<row_bytes>(ahead_of(key, piece, tile_bytes));
      Floats operand[size_t{vectors}];
      QKV_UNROLL for (int j = 0; j < vectors; j++) operand[j] = load_elements(key + j * lanes);
      QKV_UNROLL for (int i = 0; i < height; i++) {
        const Floats factor = broadcast(query[i]);
        QKV_UNROLL for (int j = 0; j < vectors; j++) tile.sum[i][j] = fma(factor, operand[j], tile.sum[i][j]);
      }
    }
  }

  template <int height, int vectors>
  QKV_INLINE void scale(float* to, int64_t lane) const {
    const float* scales = scales_behind(keys() + key_dim * tile_tokens) + lane;
    QKV_UNROLL for (int i = 0; i < height; i++) {
      QKV_UNROLL for (int j = 0; j < vectors; j++) {
        float* at = to + i * rows.weight_stride + j * lanes;
        store(at, load(at) * load(scales + j * lanes));
      }
    }
  }

  // All lanes of vectors of which some key counts.
  QKV_INLINE void score_all() const {
    const int64_t begin = piece.lane / lanes * lanes, end = piece.lane + piece.last - piece.first;
    for_tiles_from<score_rows_at_once>(0, rows.count, [&]<int height>(int64_t row) {
      constexpr int most = score_vectors(height);
      for (int64_t lane = begin; lane < end; lane += most * lanes) {
        with_count<most>(smaller(most, (end - lane + lanes - 1) / lanes),
                         [&]<int vectors>() { score<height, vectors>(row, lane); });
      }
    });
  }
};

// weight[r][key] = score for the keys that some row sees; other lanes of their vectors hold anything.
inline void score_cached_rows(const AttentionTask& task, const DecodeRows& rows, const CachedBlock& block) {
  const qkv_kv_layout& layout = task.args->cache->layout;
  with_elements(layout.key_dtype, [&]<class T>() {
    for (const CachedPiece& piece : block) {
      PieceScores<T>{rows, piece, layout.key_dim, layout.tile_tokens, layout.tile_bytes}.score_all();
    }
  });
}

}  // namespace
}  // namespace qkv::QKV_ISA
