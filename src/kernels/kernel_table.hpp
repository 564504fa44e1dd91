// SPDX-License-Identifier: Apache-2.0
// The contract between the kernels, compiled once per ISA, and the rest of the library, compiled once. Structs, enums
// and constants only: an inline function here would exist in several ISAs' objects, and the linker keeps any one of
// them.
#pragma once

#include "qkv/activation.h"
#include "qkv/attention.h"
#include "qkv/embedding.h"
#include "qkv/kv_cache.h"
#include "qkv/matmul.h"
#include "qkv/norm.h"
#include "qkv/position.h"
#include "qkv/rope.h"
#include "qkv/softmax.h"

namespace qkv {

// Keys [begin, end) that a query row may see. All interval masks arrive in this form.
struct KeyRange {
  int64_t begin, end;
};

// ---- attention ----------------------------------------------------------------------------------------------------

// Prefill scores keys in groups whose boundaries are multiples of this, counted from key 0. A row's running maximum
// moves at group boundaries only, so its bits do not depend on which other rows share its tile. (Decode moves it by
// block.)
inline constexpr int64_t key_group = 16;

// Most query rows of one prefill task.
inline constexpr int64_t prefill_task_rows = 256;
inline constexpr int64_t max_keys_per_block = 512;

// Numbers that a row's online softmax takes in AttentionScratch::state.
inline constexpr int64_t prefill_state_numbers = 7, decode_state_numbers = 4;

// Where a task keeps its intermediate results. 64-byte aligned, laid out by plan/attention_scratch. A panel is as many
// query rows as a tile has lanes.
struct AttentionScratch {
  float* query;   // prefill: per panel [key dim][panel rows]; decode: [rows][key dim]. Scaled to log2 units
  float* output;  // prefill: per panel [2][value dim + 1][panel rows], sums of weights last; decode: [2] parts. Of a
                  // span of keys, and of all before; not yet normalised
  float* state;   // of the online softmax, some numbers per row
  float* weight;  // prefill: [keys per block][panel rows]; decode: [rows][keys per block + panel rows]
  float* key;     // [keys per block][padded key dim], only where dims have no unit stride, or keys are packed
  float* value;   // [keys per block][padded value dim], only where the caller's layout cannot be read by whole vectors
  float* bias;    // prefill: [keys per block][panel rows]; decode: [keys per block]
  float* row;     // weight output: [keys]
};

// A block of query rows of one key head. Rows are position-major: row = query position * group + head in group, so that
// K and V are read once for the whole group.
struct AttentionTask {
  const qkv_attention_args* args;  // with a cache, shapes of key and value are those of its tokens, without data
  float scale;                     // in log2 units: the caller's scale times log2 e
  int64_t batch, key_head, group;
  int64_t first_row, row_count;
  const KeyRange* visible;  // [row_count], begins and ends in ascending order
  int64_t keys_per_block;   // a multiple of key_group
  int64_t keys_per_span;    // a multiple of keys_per_block
  // Decode. A part is what the rows' sums over one span of keys take, part_floats; a row adds up its parts in the order
  // of spans, whoever computed them. Without `parts` a task covers all keys and writes the output. With them, decode
  // leaves the part of the one span `keys`, and join finds those of all spans of `keys`, one after another.
  KeyRange keys;
  float* parts;
  int64_t part_floats;
  AttentionScratch scratch;
};

using AttentionFunction = void (*)(const AttentionTask&);

// Recipes bound the product of variants: the smallest that covers the request is chosen.
enum AttentionRecipe { attention_plain, attention_biased, attention_recipe_count };

struct AttentionKernels {
  int32_t lanes;       // floats in a vector
  int32_t panel_rows;  // query rows that a prefill tile keeps in lanes
  AttentionFunction prefill[attention_recipe_count];
  AttentionFunction decode[attention_recipe_count];
  AttentionFunction decode_cached[attention_recipe_count];
  AttentionFunction join;     // of parts that either decode left
  AttentionFunction weights;  // the optional weight output; uses scratch.query and scratch.row
};

// ---- KV cache -----------------------------------------------------------------------------------------------------

// Tokens at positions [first, last) of one sequence and key head.
struct KvTask {
  const qkv_kv_cache* cache;  // pages are in the pool
  const qkv_tensor* key;      // [sequences, key heads, tokens, dim]; to unpack, may be absent
  const qkv_tensor* value;
  int64_t sequence, key_head;
  int64_t first, last;
  int64_t origin;  // position of token 0 of the views
};

struct KvKernels {
  void (*append)(const KvTask&);
  void (*unpack)(const KvTask&);
};

// ---- matmul -------------------------------------------------------------------------------------------------------

// One column panel of `weight` [n, k] into packed [k][panel_columns], zero beyond n.
struct MatmulPackTask {
  const qkv_tensor* weight;
  int64_t panel;
  float* packed;
};

struct MatmulTask {
  const qkv_matmul_args* args;
  const float* packed;  // panels of [k][panel_columns]
  int64_t first_panel, last_panel;
  int64_t first_row, last_row;
  int64_t depth_block;  // k is summed in blocks of this many, so that the error does not grow with k
  float* input;         // scratch [rows][k], only where input.stride[1] is not 1; else NULL
};

struct MatmulKernels {
  int32_t panel_columns;
  int32_t row_panels;  // that a single row is multiplied with side by side
  void (*pack)(const MatmulPackTask&);
  void (*multiply)(const MatmulTask&);
};

// ---- matmul with quantised weights ---------------------------------------------------------------------------------

// How a block format lies in a packed weight. Per panel and group of `group` values of k follow one another: the
// quants, unsigned; a scale per column; where there are minima, a minimum per column. A value is
// scale * (quant - offset) + minimum. Bytes: [group / 4][column][4]. Nibbles: [group / 8][column][4], low halves the
// first four, high halves the next four.
struct QuantLayout {
  int32_t bits;         // 4 or 8
  int32_t group;        // 16 or 32
  int32_t scale_bytes;  // 2: f16, as in the file; 4: f32, for products of scales, which are exact
  bool minimum;
  int32_t offset;
};

// By qkv_block_format, which counts from 1.
constexpr int32_t block_format_count = 5;
constexpr QuantLayout quant_layouts[block_format_count] = {
    {4, 32, 2, false, 8}, {4, 32, 2, true, 0}, {8, 32, 2, false, 128}, {4, 32, 4, true, 0}, {8, 16, 4, false, 32}};

struct QuantizedTask {
  const qkv_matmul_args* args;
  const char* packed;  // panels
  int64_t first_panel, last_panel;
  int64_t first_row, last_row;
  char* input;  // scratch: the rows' groups, each of group + group_header_bytes
};

// A group of an input row: scale, a number for offset or minimum, then the quants as signed bytes.
constexpr int64_t group_header_bytes = 8;

struct QuantizedKernels {
  int32_t panel_columns;
  struct {
    void (*quantize)(const QuantizedTask&);  // the task's rows of the input, as its weights need them
    void (*multiply)(const QuantizedTask&);
  } format[block_format_count];
};

// ---- rows ---------------------------------------------------------------------------------------------------------

// Rows [first, last) of the operation in args.
template <class Args>
struct RowTask {
  const Args* args;
  int64_t first, last;
};
template <class Args>
using RowFunction = void (*)(const RowTask<Args>&);

struct RowKernels {
  RowFunction<qkv_softmax_args> softmax;
  RowFunction<qkv_norm_args> norm;
  RowFunction<qkv_activation_args> activation;
  RowFunction<qkv_embedding_args> embedding;
  RowFunction<qkv_position_args> position;
  RowFunction<qkv_rope_args> rope;
  RowFunction<qkv_rope_table_args> rope_table;
};

// ---- the table ----------------------------------------------------------------------------------------------------

// What one ISA's translation unit offers. A null family is taken from the tier below.
struct KernelTable {
  const char* isa;
  int32_t vector_bits;
  int32_t register_count;
  const AttentionKernels* attention;
  const KvKernels* kv;
  const MatmulKernels* matmul;
  const RowKernels* rows;
  const QuantizedKernels* quantized;
};

}  // namespace qkv
