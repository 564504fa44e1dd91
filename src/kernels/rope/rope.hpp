// SPDX-License-Identifier: Apache-2.0
// (a, b) -> (a cos - b sin, b cos + a sin) for every pair of every head of a row. Two loads, two stores and four
// products per two elements: bound by memory. Interleaved pairs are taken apart in registers.
#pragma once

#include "kernels/kernel_table.hpp"
#include "kernels/simd/load_store.hpp"

namespace qkv::QKV_ISA {
namespace {

struct PairVectors {
  Floats a, b;
};

// The two members of all pairs of one head.
struct Pairs {
  Row a, b;

  QKV_INLINE bool whole(int64_t count) const { return a.stride == 2 && b.data == a.data + 1 && count == lanes; }

  QKV_INLINE PairVectors load(int64_t pair, int64_t count) const {
    if (!whole(count)) return {a.load(pair, count), b.load(pair, count)};
    Register low = qkv::QKV_ISA::load(a.data + 2 * pair), high = qkv::QKV_ISA::load(a.data + 2 * pair + lanes);
    deinterleave(low, high);
    return {Floats(low), Floats(high)};
  }
  QKV_INLINE void store(int64_t pair, PairVectors values, int64_t count) const {
    if (!whole(count)) {
      a.store(pair, values.a, count);
      b.store(pair, values.b, count);
      return;
    }
    Register low = values.a, high = values.b;
    interleave(low, high);
    qkv::QKV_ISA::store(a.data + 2 * pair, Floats(low));
    qkv::QKV_ISA::store(a.data + 2 * pair + lanes, Floats(high));
  }
};
inline Pairs pairs_of(int32_t kind, Row head, int64_t pairs) {
  if (kind == QKV_ROPE_INTERLEAVED) {
    return {{head.data, 2 * head.stride}, {head.data + head.stride, 2 * head.stride}};
  }
  return {head, {head.data + pairs * head.stride, head.stride}};
}

inline Row head_of(const qkv_tensor& heads, int64_t row, int64_t head) {
  return {static_cast<float*>(heads.data) + row * heads.stride[0] + head * heads.stride[1], heads.stride[2]};
}
inline Row skip(Row row, int64_t columns) {
  return {row.data + columns * row.stride, row.stride};
}

inline void rotate(Pairs from, Pairs to, Pairs wave, int64_t pairs) {
  for_vectors(pairs, [&](int64_t i, int64_t count) {
    const auto [a, b] = from.load(i, count);
    const auto [cosine, sine] = wave.load(i, count);
    to.store(i, {fma(a, cosine, -(b * sine)), fma(b, cosine, a * sine)}, count);
  });
}

inline void rope_rows(const RowTask<qkv_rope_args>& task) {
  const qkv_rope_args& args = *task.args;
  const int64_t heads = args.output.shape[1], head_dim = args.output.shape[2], rotary_dim = args.table.shape[1];
  for (int64_t row = task.first; row < task.last; row++) {
    const Pairs wave = pairs_of(QKV_ROPE_HALVES, row_of(args.table, row), rotary_dim / 2);
    for (int64_t head = 0; head < heads; head++) {
      const Row from = head_of(args.input, row, head), to = head_of(args.output, row, head);
      rotate(pairs_of(args.kind, from, rotary_dim / 2), pairs_of(args.kind, to, rotary_dim / 2), wave, rotary_dim / 2);
      if (from.data != to.data) put_row(skip(from, rotary_dim), skip(to, rotary_dim), head_dim - rotary_dim, false);
    }
  }
}

}  // namespace
}  // namespace qkv::QKV_ISA
