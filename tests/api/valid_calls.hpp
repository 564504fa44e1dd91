// SPDX-License-Identifier: Apache-2.0
// One small correct call of every operation, with all of its optional operands.
#pragma once

#include "api/hostile.hpp"

namespace qkv_test {

// 2 batches, 4 / 2 heads, 5 rows, 7 keys, dims 6 / 3, causal.
qkv_attention_args valid_attention(Operands& operands);

// 5 x 40 x 12. The packed weight lives as long as the program.
qkv_matmul_args valid_matmul(Operands& operands);

// Two sequences of 16 tokens of one cache in f32, which all calls share; otherwise as above, not causal.
qkv_attention_args valid_cached_attention(Operands& operands);
qkv_kv_append_args valid_kv_append(Operands& operands);
qkv_kv_unpack_args valid_kv_unpack(Operands& operands);
qkv_kv_copy_args valid_kv_copy(Operands& operands);  // a page to one that no sequence has

// 6 rows of 20 columns.
qkv_softmax_args valid_softmax(Operands& operands);
qkv_norm_args valid_norm(Operands& operands);
qkv_activation_args valid_activation(Operands& operands);
qkv_embedding_args valid_embedding(Operands& operands);  // of 9 entries
qkv_position_args valid_position(Operands& operands);    // learned, of 9 entries
qkv_rope_args valid_rope(Operands& operands);            // 2 heads of 20, of which 18 turn
qkv_rope_table_args valid_rope_table(Operands& operands);

// Calls visit(operation, valid_call) for each of them.
template <typename Visit>
void for_each_operation(const Visit& visit) {
  visit(attention_operation, valid_attention);
  visit(attention_operation, valid_cached_attention);
  visit(kv_append_operation, valid_kv_append);
  visit(kv_copy_operation, valid_kv_copy);
  visit(kv_unpack_operation, valid_kv_unpack);
  visit(matmul_operation, valid_matmul);
  visit(softmax_operation, valid_softmax);
  visit(norm_operation, valid_norm);
  visit(activation_operation, valid_activation);
  visit(embedding_operation, valid_embedding);
  visit(position_operation, valid_position);
  visit(rope_operation, valid_rope);
  visit(rope_table_operation, valid_rope_table);
}

// The same of 200 rows (matmul) or 20,000 columns: several tasks.
qkv_matmul_args divided_matmul(Operands& operands);
qkv_softmax_args divided_softmax(Operands& operands);
qkv_norm_args divided_norm(Operands& operands);
qkv_activation_args divided_activation(Operands& operands);
qkv_embedding_args divided_embedding(Operands& operands);
qkv_position_args divided_position(Operands& operands);
qkv_rope_args divided_rope(Operands& operands);
qkv_rope_table_args divided_rope_table(Operands& operands);

template <typename Visit>
void for_each_divided_operation(const Visit& visit) {
  visit(attention_operation, valid_attention);  // a task per batch entry and key head
  visit(attention_operation, valid_cached_attention);
  visit(kv_unpack_operation, valid_kv_unpack);
  visit(matmul_operation, divided_matmul);
  visit(softmax_operation, divided_softmax);
  visit(norm_operation, divided_norm);
  visit(activation_operation, divided_activation);
  visit(embedding_operation, divided_embedding);
  visit(position_operation, divided_position);
  visit(rope_operation, divided_rope);
  visit(rope_table_operation, divided_rope_table);
}

}  // namespace qkv_test
