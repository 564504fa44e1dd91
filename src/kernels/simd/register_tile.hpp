// SPDX-License-Identifier: Apache-2.0
// The one multiply loop of the library: rows x vectors accumulators in registers, one operand read by scalar broadcast,
// the other by whole vectors. Every element is a chain of fused multiply-adds in order of depth, so its bits depend on
// neither the tile's shape nor the vector's width.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/simd/batch.hpp"

namespace qkv::QKV_ISA {
namespace {

// A matrix whose element (i, k) is at data[i * stride + k] when it lies in rows, data[k * stride + i] in columns.
struct Scalars {
  const float* data;
  int64_t stride;
};
// Vector (k, j) is at data[k * stride + j * lanes].
struct Vectors {
  const float* data;
  int64_t stride;
};

enum class Lie { rows, columns };

template <int rows, int vectors>
struct RegisterTile {
  Floats sum[size_t{rows}][size_t{vectors}];

  QKV_INLINE void clear() {
    QKV_UNROLL for (int i = 0; i < rows; i++) {
      QKV_UNROLL for (int j = 0; j < vectors; j++) sum[i][j] = broadcast(0.0F);
    }
  }

  QKV_INLINE void store_rows(float* to, int64_t stride) const {
    QKV_UNROLL for (int i = 0; i < rows; i++) {
      QKV_UNROLL for (int j = 0; j < vectors; j++) store(to + i * stride + j * lanes, sum[i][j]);
    }
  }
  QKV_INLINE void add_rows(const float* from, int64_t stride) {
    QKV_UNROLL for (int i = 0; i < rows; i++) {
      QKV_UNROLL for (int j = 0; j < vectors; j++) sum[i][j] = load(from + i * stride + j * lanes) + sum[i][j];
    }
  }

  QKV_INLINE void add(const RegisterTile& other) {
    QKV_UNROLL for (int i = 0; i < rows; i++) {
      QKV_UNROLL for (int j = 0; j < vectors; j++) sum[i][j] = sum[i][j] + other.sum[i][j];
    }
  }

  // factor: one vector for each column of vectors.
  QKV_INLINE void add_scaled_rows(const float* from, int64_t stride, const float* factor) {
    QKV_UNROLL for (int j = 0; j < vectors; j++) {
      const Floats scale = load(factor + j * lanes);
      QKV_UNROLL for (int i = 0; i < rows; i++) {
        sum[i][j] = fma(load(from + i * stride + j * lanes), scale, sum[i][j]);
      }
    }
  }

  QKV_INLINE void raise_to_top(Floats (&top)[size_t{vectors}]) const {
    QKV_UNROLL for (int i = 0; i < rows; i++) {
      QKV_UNROLL for (int j = 0; j < vectors; j++) top[j] = max(sum[i][j], top[j]);
    }
  }

  template <Lie lie, int first_vector>
  QKV_INLINE void step(const float* scalars, int64_t stride, const float* vector) {
    Floats operand[size_t{vectors}];
    QKV_UNROLL for (int j = first_vector; j < vectors; j++) operand[j] = load(vector + j * lanes);
    QKV_UNROLL for (int i = 0; i < rows; i++) {
      const Floats scalar = broadcast(scalars[lie == Lie::rows ? i * stride : i]);
      QKV_UNROLL for (int j = first_vector; j < vectors; j++) sum[i][j] = fma(scalar, operand[j], sum[i][j]);
    }
  }

  // sum(i, j) += scalars(i, k) * vectors(k, j) for k in [0, depth) and j from first_vector on.
  template <Lie lie, int first_vector = 0>
  QKV_INLINE void multiply(Scalars a, Vectors b, int64_t depth) {
    const float* scalars = a.data;
    const float* vector = b.data;
    const int64_t scalar_step = lie == Lie::rows ? 1 : a.stride;
    QKV_NO_UNROLL for (int64_t k = 0; k < depth; k++) {
      step<lie, first_vector>(scalars, a.stride, vector);
      scalars += scalar_step;
      vector += b.stride;
    }
  }
};

// Dimensions of a dot product that are summed before they join the rest: a large first product would otherwise round
// every later one to its own last digit.
constexpr int64_t depth_chunk = 64;

}  // namespace
}  // namespace qkv::QKV_ISA
