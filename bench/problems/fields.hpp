// SPDX-License-Identifier: Apache-2.0
// The words of each operation, in the order of a problem's name. Parser and names walk the same list, so that a new
// word is one line here. A field's default may depend on the fields before it.
#pragma once

#include <array>
#include <optional>
#include <span>

#include "problems/problem.hpp"

namespace qkv::bench {

struct Field {
  const char* word;
  int64_t& value;
  std::optional<int64_t> otherwise = {};      // nothing: the word must be given
  int64_t least = 1, most = 1 << 30;          // small enough that products of three stay within int64
  std::span<const char* const> choices = {};  // words for the values 0, 1, ...
};

inline constexpr std::array cache_dtypes = {"none", "f32", "bf16", "f16", "i8"};
inline constexpr std::array weight_formats = {"f32", "q4_0", "q4_1", "q8_0", "q4_k", "q6_k", "f16", "bf16"};
inline constexpr std::array norm_kinds = {"layer", "rms"};
inline constexpr std::array activation_kinds = {"none", "relu", "gelu", "gelu_tanh", "silu"};
inline constexpr std::array rope_kinds = {"halves", "interleaved"};
inline constexpr std::array position_kinds = {"learned", "sinusoidal", "sinusoidal_halves"};

template <class Visitor>
void visit_fields(Attention& shape, const Visitor& visit) {
  visit(Field{"batch", shape.batch, 1});
  visit(Field{"heads", shape.heads});
  visit(Field{"kv_heads", shape.kv_heads, shape.heads});
  visit(Field{"queries", shape.queries});
  visit(Field{"keys", shape.keys, shape.queries});
  visit(Field{"head_dim", shape.head_dim});
  visit(Field{"value_dim", shape.value_dim, shape.head_dim});
  visit(Field{"causal", shape.causal, 0, 0, 1});
  visit(Field{"window", shape.window, 0, 0});
  visit(Field{"position", shape.position, 0, 0});
  visit(Field{"cache", shape.cache, 0, 0, 0, cache_dtypes});
  visit(Field{"page", shape.page, 0, 0});
  visit(Field{"rising", shape.rising, 0, 0, 1});
}

template <class Visitor>
void visit_fields(Matmul& shape, const Visitor& visit) {
  visit(Field{"m", shape.m});
  visit(Field{"n", shape.n});
  visit(Field{"k", shape.k});
  visit(Field{"weights", shape.weights, 0, 0, 0, weight_formats});
  visit(Field{"activation", shape.activation, 0, 0, 0, activation_kinds});
  visit(Field{"bias", shape.bias, 0, 0, 1});
}

template <class Visitor>
void visit_fields(Softmax& shape, const Visitor& visit) {
  visit(Field{"rows", shape.rows});
  visit(Field{"columns", shape.columns});
}

template <class Visitor>
void visit_fields(Norm& shape, const Visitor& visit) {
  visit(Field{"kind", shape.kind, {}, 0, 0, norm_kinds});
  visit(Field{"rows", shape.rows});
  visit(Field{"columns", shape.columns});
}

template <class Visitor>
void visit_fields(Activation& shape, const Visitor& visit) {
  visit(Field{"kind", shape.kind, {}, 0, 0, activation_kinds});
  visit(Field{"rows", shape.rows});
  visit(Field{"columns", shape.columns});
  visit(Field{"multiplier", shape.multiplier, 0, 0, 1});
}

template <class Visitor>
void visit_fields(Embedding& shape, const Visitor& visit) {
  visit(Field{"entries", shape.entries});
  visit(Field{"rows", shape.rows});
  visit(Field{"columns", shape.columns});
}

template <class Visitor>
void visit_fields(Position& shape, const Visitor& visit) {
  visit(Field{"kind", shape.kind, {}, 0, 0, position_kinds});
  visit(Field{"rows", shape.rows});
  visit(Field{"columns", shape.columns});
}

template <class Visitor>
void visit_fields(Rope& shape, const Visitor& visit) {
  visit(Field{"kind", shape.kind, {}, 0, 0, rope_kinds});
  visit(Field{"rows", shape.rows});
  visit(Field{"heads", shape.heads});
  visit(Field{"head_dim", shape.head_dim});
  visit(Field{"rotary_dim", shape.rotary_dim, shape.head_dim});
}

template <class Visitor>
void visit_fields(RopeTable& shape, const Visitor& visit) {
  visit(Field{"rows", shape.rows});
  visit(Field{"columns", shape.columns});
}

}  // namespace qkv::bench
