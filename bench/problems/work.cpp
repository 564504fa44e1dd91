// SPDX-License-Identifier: Apache-2.0
#include "problems/work.hpp"

#include <algorithm>

#include "qkv/position.h"

namespace qkv::bench {
namespace {

constexpr double f32 = 4;

double product(int64_t a, int64_t b, int64_t c = 1) {
  return static_cast<double>(a) * static_cast<double>(b) * static_cast<double>(c);
}

double visible_pairs(const Attention& shape) {
  double pairs = 0;
  for (int64_t row = 0; row < shape.queries; row++) {
    const VisibleKeys keys = visible_keys(shape, row);
    pairs += static_cast<double>(keys.end - keys.begin);
  }
  return pairs;
}

// K and V of a token and head. A token of int8 has two scales.
double key_value_bytes(const Attention& shape) {
  constexpr double element[] = {f32, f32, 2, 2, 1};
  const double scales = shape.cache == 4 ? 2 * f32 : 0;
  return element[shape.cache] * static_cast<double>(shape.head_dim + shape.value_dim) + scales;
}

// 2 flops per product and addition of query . key and of weight . value.
Work work(const Attention& shape) {
  const double dims = static_cast<double>(shape.head_dim + shape.value_dim);
  const double rows = f32 * dims * product(shape.batch, shape.heads, shape.queries);
  const double key_bytes = key_value_bytes(shape) * product(shape.batch, shape.kv_heads);
  const int64_t seen = visible_keys(shape, shape.queries - 1).end - visible_keys(shape, 0).begin;
  return {2 * dims * product(shape.batch, shape.heads) * visible_pairs(shape),
          rows + key_bytes * static_cast<double>(seen), rows + key_bytes * static_cast<double>(shape.keys)};
}

Work work(const Matmul& shape) {
  const double bias = shape.bias != 0 ? static_cast<double>(shape.n) : 0;
  const WeightFacts weight = weight_facts(shape.weights);
  const double weight_bytes = product(shape.n, shape.k / weight.elements, weight.bytes);
  const double bytes = f32 * (product(shape.m, shape.k) + product(shape.m, shape.n) + bias) + weight_bytes;
  return {2 * product(shape.m, shape.n, shape.k), bytes, bytes, weight.elements > 1};
}

Work work_of_rows(double flops_per_element, double elements, double bytes) {
  return {flops_per_element * elements, bytes, bytes};
}

// Scale, subtract, exponential, add, divide.
Work work(const Softmax& shape) {
  const double elements = product(shape.rows, shape.columns);
  return work_of_rows(5, elements, 2 * f32 * elements);
}

// Mean, difference, square, sum, factor, weight, bias, residual: counted as if all were there. LayerNorm has weight and
// bias here, RMSNorm a weight.
Work work(const Norm& shape) {
  const double elements = product(shape.rows, shape.columns), vectors = shape.kind == 0 ? 2 : 1;
  return work_of_rows(8, elements, f32 * (2 * elements + vectors * static_cast<double>(shape.columns)));
}

// One function per element, whatever it takes.
Work work(const Activation& shape) {
  const double elements = product(shape.rows, shape.columns);
  return work_of_rows(1, elements, f32 * static_cast<double>(2 + shape.multiplier) * elements);
}

Work work(const Embedding& shape) {
  const double read = product(std::min(shape.entries, shape.rows), shape.columns);
  const double written = product(shape.rows, shape.columns);
  return {0, f32 * (read + written), f32 * (product(shape.entries, shape.columns) + written)};
}

Work work(const Position& shape) {
  const double tables = shape.kind == QKV_POSITION_LEARNED ? 1 : 0;
  return work_of_rows(0, 0, f32 * (1 + tables) * product(shape.rows, shape.columns));
}

// Four products and two sums per pair.
Work work(const Rope& shape) {
  const double elements = product(shape.rows, shape.heads, shape.head_dim);
  const double turned = product(shape.rows, shape.heads, shape.rotary_dim);
  const double bytes = f32 * (2 * elements + product(shape.rows, shape.rotary_dim));
  return work_of_rows(3, turned, bytes);
}

Work work(const RopeTable& shape) {
  return work_of_rows(0, 0, f32 * product(shape.rows, shape.columns));
}

}  // namespace

WeightFacts weight_facts(int64_t format) {
  constexpr WeightFacts facts[] = {{1, 4}, {32, 18}, {32, 20}, {32, 34}, {256, 144}, {256, 210}, {1, 2}, {1, 2}};
  return facts[format];
}

VisibleKeys visible_keys(const Attention& shape, int64_t row) {
  const int64_t position = shape.position + row;
  const int64_t end = shape.causal != 0 ? std::min(shape.keys, position + 1) : shape.keys;
  const int64_t begin = shape.window != 0 ? std::max<int64_t>(0, position - shape.window + 1) : 0;
  return {std::min(begin, end), end};
}

Work work_of(const Shape& shape) {
  return std::visit([](const auto& sizes) { return work(sizes); }, shape);
}

}  // namespace qkv::bench
