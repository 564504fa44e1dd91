// SPDX-License-Identifier: Apache-2.0
// What a benchmark computes: one struct of sizes per operation of the library. Flags are 0 or 1.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

namespace qkv::bench {

struct Attention {
  int64_t batch = 1, heads = 1, kv_heads = 1, queries = 1, keys = 1, head_dim = 1, value_dim = 1;
  int64_t causal = 0;
  int64_t window = 0;    // 0: off; n: the last n keys up to the row's own position, that one included
  int64_t position = 0;  // of query row 0
  int64_t cache = 0;     // 0: K and V are tensors; else they are packed, in cache_dtypes[cache] of fields.hpp
  int64_t page = 0;      // tokens; 0: contiguous
  int64_t rising = 0;    // 1: scores rise so fast from key to key that every few keys have a new maximum
};

struct Matmul {
  int64_t m = 1, n = 1, k = 1;
  int64_t weights = 0;     // weight_formats[weights] of fields.hpp
  int64_t activation = 0;  // qkv_activation_kind
  int64_t bias = 0;
};

struct Softmax {
  int64_t rows = 1, columns = 1;
};

struct Norm {
  int64_t kind = 0;  // qkv_norm_kind
  int64_t rows = 1, columns = 1;
};

struct Activation {
  int64_t kind = 0;  // qkv_activation_kind
  int64_t rows = 1, columns = 1;
  int64_t multiplier = 0;
};

struct Embedding {
  int64_t entries = 1, rows = 1, columns = 1;
};

struct Position {
  int64_t kind = 1;  // qkv_position_kind
  int64_t rows = 1, columns = 2;
};

struct Rope {
  int64_t kind = 0;  // qkv_rope_kind
  int64_t rows = 1, heads = 1, head_dim = 2, rotary_dim = 2;
};

struct RopeTable {
  int64_t rows = 1, columns = 2;
};

using Shape = std::variant<Attention, Matmul, Softmax, Norm, Activation, Embedding, Position, Rope, RopeTable>;

struct Problem {
  Shape shape;
  bool quick = false;  // part of the short run
};

// "attention", "matmul", ...
const char* operation_of(const Shape& shape);

// The line of a shape file that means this shape, without what is default: the key of a result.
std::string name_of(const Shape& shape);

// "" or why no operation has these sizes, such as heads that kv_heads does not divide.
std::string fault_of(const Shape& shape);

}  // namespace qkv::bench
