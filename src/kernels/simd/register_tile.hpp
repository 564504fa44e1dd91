// SPDX-License-Identifier: Apache-2.0
// The one multiply loop of the library: rows x vectors accumulators in registers, one operand read as scalars, which a
// load broadcasts or which are lanes of a register, the other by whole vectors. Every element is a chain of fused
// multiply-adds in order of depth, so its bits depend on neither the tile's shape nor the vector's width.
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
    QKV_UNROLL for (int j = first_vector; j < vectors; j++) {
      operand[j] = rows > 1 ? load_shared(vector + j * lanes) : load(vector + j * lanes);
    }
    if constexpr (columns_in_lanes && lie == Lie::columns) return step_in_lanes<first_vector>(scalars, operand);
    QKV_UNROLL for (int i = 0; i < rows; i++) {
      const Floats scalar = broadcast(scalars[lie == Lie::rows ? i * stride : i]);
      QKV_UNROLL for (int j = first_vector; j < vectors; j++) sum[i][j] = fma(scalar, operand[j], sum[i][j]);
    }
  }

  // Scalars in columns: those of neighbouring rows lie side by side. The last load overlaps the one before.
  static constexpr bool columns_in_lanes = scalars_per_load > 1 && rows >= scalars_per_load;
  template <int first_vector>
  QKV_INLINE void step_in_lanes(const float* scalars, const Floats (&operand)[size_t{vectors}]) {
    QKV_UNROLL for (int i = 0; i < rows; i++) {
      const int whole = i / scalars_per_load * scalars_per_load, last = rows - scalars_per_load;
      const int first = whole < last ? whole : last;
      const Floats scalar = load(scalars + first);
      QKV_UNROLL for (int j = first_vector; j < vectors; j++) {
        sum[i][j] = Floats(multiply_add_lane(scalar, i - first, operand[j], sum[i][j]));
      }
    }
  }

  // Scalars in rows: those of the next steps lie side by side, and each row holds a register of them. Where these and
  // the sums are too many, single steps are faster, except for one vector, whose steps have a load for every sum. All
  // steps of a vector before the next: in the other order GCC copies sums from register to register.
  static constexpr bool rows_in_lanes = scalars_per_load > 1 && (rows * (vectors + 1) < register_count || vectors == 1);
  template <int first_vector>
  QKV_INLINE void steps_in_lanes(const float* scalars, int64_t stride, Vectors b) {
    Floats scalar[size_t{rows}];
    QKV_UNROLL for (int i = 0; i < rows; i++) scalar[i] = load(scalars + i * stride);
    QKV_UNROLL for (int n = first_vector * scalars_per_load; n < vectors * scalars_per_load; n++) {
      const int j = n / scalars_per_load, step = n % scalars_per_load;
      const Floats operand = load(b.data + step * b.stride + j * lanes);
      QKV_UNROLL for (int i = 0; i < rows; i++) {
        sum[i][j] = Floats(multiply_add_lane(scalar[i], step, operand, sum[i][j]));
      }
    }
  }

  // sum(i, j) += scalars(i, k) * vectors(k, j) for k in [0, depth) and j from first_vector on.
  template <Lie lie, int first_vector = 0>
  QKV_INLINE void multiply(Scalars a, Vectors b, int64_t depth) {
    const float* scalars = a.data;
    const float* vector = b.data;
    const int64_t scalar_step = lie == Lie::rows ? 1 : a.stride;
    int64_t k = 0;
    if constexpr (rows_in_lanes && lie == Lie::rows) {
      QKV_NO_UNROLL for (; k <= depth - scalars_per_load; k += scalars_per_load) {
        steps_in_lanes<first_vector>(scalars, a.stride, {vector, b.stride});
        scalars += scalars_per_load;
        vector += scalars_per_load * b.stride;
      }
    }
    QKV_NO_UNROLL for (; k < depth; k++) {
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
