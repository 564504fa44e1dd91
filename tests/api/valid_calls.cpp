// SPDX-License-Identifier: Apache-2.0
#include "api/valid_calls.hpp"

#include "matmul/multiply.hpp"

namespace qkv_test {
namespace {

const int64_t counts[] = {7, 3}, first_positions[] = {0, 4};
const int64_t ids[] = {0, 8, 3, 3, 1, 7};
constexpr int64_t narrow = 20, wide = 20000;

qkv_matmul_args matmul_of(Operands& operands, int64_t rows) {
  static const PackedWeight weight(gaussian_matmul(5, 40, 12, false, 1).weight, {});
  qkv_matmul_args args = {};
  args.size = sizeof args;
  args.input = operands.input({1, 1, rows, 12}, 2);
  args.weight = weight.data();
  args.bias = operands.input({1, 1, 1, 40}, 1);
  args.output = operands.output({1, 1, rows, 40}, 2);
  args.activation = QKV_GELU;
  return args;
}

qkv_softmax_args softmax_of(Operands& operands, int64_t columns) {
  const Shape rows{1, 1, 6, columns};
  qkv_softmax_args args = {};
  args.size = sizeof args;
  args.input = operands.input(rows, 2);
  args.output = operands.output(rows, 2);
  args.bias = operands.input(rows, 2);
  args.mask = operands.mask(rows, 2);
  return args;
}

qkv_norm_args norm_of(Operands& operands, int64_t columns) {
  const Shape rows{1, 1, 6, columns}, one_row{1, 1, 1, columns};
  qkv_norm_args args = {};
  args.size = sizeof args;
  args.kind = QKV_LAYER_NORM;
  args.epsilon = 1e-5f;
  args.input = operands.input(rows, 2);
  args.output = operands.output(rows, 2);
  args.residual = operands.input(rows, 2);
  args.sum = operands.output(rows, 2);
  args.weight = operands.input(one_row, 1);
  args.bias = operands.input(one_row, 1);
  return args;
}

qkv_activation_args activation_of(Operands& operands, int64_t columns) {
  const Shape rows{1, 1, 6, columns};
  return {sizeof(qkv_activation_args), QKV_SILU, operands.input(rows, 2), operands.output(rows, 2),
          operands.input(rows, 2)};
}

qkv_embedding_args embedding_of(Operands& operands, int64_t columns) {
  const qkv_tensor table = operands.input({1, 1, 9, columns}, 2);
  return {sizeof(qkv_embedding_args), table, ids, operands.output({1, 1, 6, columns}, 2), 1};
}

qkv_position_args position_of(Operands& operands, int64_t columns) {
  qkv_position_args args = {};
  args.size = sizeof args;
  args.kind = QKV_POSITION_LEARNED;
  args.output = operands.output({1, 1, 6, columns}, 2);
  args.positions = ids;
  args.table = operands.input({1, 1, 9, columns}, 2);
  return args;
}

qkv_rope_args rope_of(Operands& operands, int64_t head_dim) {
  const Shape heads{1, 6, 2, head_dim};
  qkv_rope_args args = {};
  args.size = sizeof args;
  args.input = operands.input(heads, 3);
  args.table = operands.input({1, 1, 6, head_dim - 2}, 2);
  args.output = operands.output(heads, 3);
  return args;
}

qkv_rope_table_args rope_table_of(Operands& operands, int64_t columns) {
  static const std::vector<float> divisors(10000, 1.5f);
  qkv_rope_table_args args = {};
  args.size = sizeof args;
  args.output = operands.output({1, 1, 6, columns}, 2);
  args.positions = ids;
  args.scaling = QKV_ROPE_YARN;
  args.factor = 4;
  args.original_context = 4096;
  const int64_t pairs = columns / 2;
  args.divisors = qkv_tensor_f32(divisors.data(), 1, &pairs);
  return args;
}

// Pages hold numbers.
const qkv_kv_cache& valid_cache() {
  constexpr int64_t page_floats = 1024;
  alignas(64) static float pages[3 * page_floats];
  static const int32_t table[] = {2, 0};
  static qkv_kv_cache cache = {};
  cache.size = sizeof cache;
  cache.layout.key_heads = 2;
  cache.layout.key_dim = 6;
  cache.layout.value_dim = 3;
  cache.layout.page_size = 16;
  REQUIRE(qkv_kv_layout_make(&cache.layout) == QKV_OK);
  REQUIRE(3 * cache.layout.page_bytes <= static_cast<int64_t>(sizeof pages));
  cache.pages = pages;
  cache.page_count = 3;
  cache.pages_per_sequence = 1;
  cache.page_table = table;
  return cache;
}

}  // namespace

qkv_attention_args valid_cached_attention(Operands& operands) {
  qkv_attention_args args = {};
  args.size = sizeof args;
  args.query = operands.input({2, 4, 5, 6}, 4);
  args.cache = &valid_cache();
  args.output = operands.output({2, 4, 5, 3}, 4);
  args.lse = operands.output({1, 2, 4, 5}, 3);
  args.weights = operands.output({2, 4, 5, 16}, 4);
  args.bias = operands.input({2, 4, 5, 16}, 4);
  args.mask = operands.mask({2, 4, 5, 16}, 4);
  args.key_count = counts;
  return args;
}
qkv_kv_append_args valid_kv_append(Operands& operands) {
  return {sizeof(qkv_kv_append_args),      &valid_cache(),  operands.input({2, 2, 7, 6}, 4),
          operands.input({2, 2, 7, 3}, 4), first_positions, counts};
}
qkv_kv_unpack_args valid_kv_unpack(Operands& operands) {
  return {sizeof(qkv_kv_unpack_args),       &valid_cache(),  operands.output({2, 2, 7, 6}, 4),
          operands.output({2, 2, 7, 3}, 4), first_positions, nullptr};
}
qkv_kv_copy_args valid_kv_copy(Operands&) {
  static const int32_t from[] = {2}, to[] = {1};
  return {sizeof(qkv_kv_copy_args), &valid_cache(), 1, from, to, 5};
}

qkv_attention_args valid_attention(Operands& operands) {
  qkv_attention_args args = {};
  args.size = sizeof args;
  args.query = operands.input({2, 4, 5, 6}, 4);
  args.key = operands.input({2, 2, 7, 6}, 4);
  args.value = operands.input({2, 2, 7, 3}, 4);
  args.output = operands.output({2, 4, 5, 3}, 4);
  args.lse = operands.output({1, 2, 4, 5}, 3);
  args.weights = operands.output({2, 4, 5, 7}, 4);
  args.bias = operands.input({2, 4, 5, 7}, 4);
  args.mask = operands.mask({2, 4, 5, 7}, 4);
  args.key_count = counts;
  args.first_query_position = first_positions;
  args.causal = 1;
  return args;
}

qkv_matmul_args valid_matmul(Operands& operands) {
  return matmul_of(operands, 5);
}
qkv_matmul_args divided_matmul(Operands& operands) {
  return matmul_of(operands, 200);
}

qkv_softmax_args valid_softmax(Operands& operands) {
  return softmax_of(operands, narrow);
}
qkv_softmax_args divided_softmax(Operands& operands) {
  return softmax_of(operands, wide);
}

qkv_norm_args valid_norm(Operands& operands) {
  return norm_of(operands, narrow);
}
qkv_norm_args divided_norm(Operands& operands) {
  return norm_of(operands, wide);
}

qkv_activation_args valid_activation(Operands& operands) {
  return activation_of(operands, narrow);
}
qkv_activation_args divided_activation(Operands& operands) {
  return activation_of(operands, wide);
}

qkv_embedding_args valid_embedding(Operands& operands) {
  return embedding_of(operands, narrow);
}
qkv_embedding_args divided_embedding(Operands& operands) {
  return embedding_of(operands, wide);
}

qkv_position_args valid_position(Operands& operands) {
  return position_of(operands, narrow);
}
qkv_position_args divided_position(Operands& operands) {
  return position_of(operands, wide);
}

qkv_rope_args valid_rope(Operands& operands) {
  return rope_of(operands, narrow);
}
qkv_rope_args divided_rope(Operands& operands) {
  return rope_of(operands, wide);
}

qkv_rope_table_args valid_rope_table(Operands& operands) {
  return rope_table_of(operands, narrow);
}
qkv_rope_table_args divided_rope_table(Operands& operands) {
  return rope_table_of(operands, wide);
}

}  // namespace qkv_test
