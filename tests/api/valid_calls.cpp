// SPDX-License-Identifier: Apache-2.0
#include "api/valid_calls.hpp"

#include "matmul/multiply.hpp"

namespace qkv_test {
namespace {

const int64_t counts[] = {7, 3}, first_positions[] = {0, 4};
const int64_t ids[] = {0, 8, 3, 3, 1, 7};
const Shape rows{1, 1, 6, 20};
const Shape one_row{1, 1, 1, 20};

}  // namespace

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
  static const PackedWeight weight(gaussian_matmul(5, 40, 12, false, 1).weight, {});
  qkv_matmul_args args = {};
  args.size = sizeof args;
  args.input = operands.input({1, 1, 5, 12}, 2);
  args.weight = weight.data();
  args.bias = operands.input({1, 1, 1, 40}, 1);
  args.output = operands.output({1, 1, 5, 40}, 2);
  args.activation = QKV_GELU;
  return args;
}

qkv_softmax_args valid_softmax(Operands& operands) {
  qkv_softmax_args args = {};
  args.size = sizeof args;
  args.input = operands.input(rows, 2);
  args.output = operands.output(rows, 2);
  args.bias = operands.input(rows, 2);
  args.mask = operands.mask(rows, 2);
  return args;
}

qkv_norm_args valid_norm(Operands& operands) {
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

qkv_activation_args valid_activation(Operands& operands) {
  return {sizeof(qkv_activation_args), QKV_SILU, operands.input(rows, 2), operands.output(rows, 2)};
}

qkv_embedding_args valid_embedding(Operands& operands) {
  return {sizeof(qkv_embedding_args), operands.input({1, 1, 9, 20}, 2), ids, operands.output(rows, 2), 1};
}

qkv_position_args valid_position(Operands& operands) {
  qkv_position_args args = {};
  args.size = sizeof args;
  args.kind = QKV_POSITION_LEARNED;
  args.output = operands.output(rows, 2);
  args.positions = ids;
  args.table = operands.input({1, 1, 9, 20}, 2);
  return args;
}

}  // namespace qkv_test
