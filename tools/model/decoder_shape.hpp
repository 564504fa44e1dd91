// SPDX-License-Identifier: Apache-2.0
// The sizes and constants of a Llama-like decoder, as a GGUF file tells them.
#pragma once

#include <cstdint>
#include <string>

#include "model/gguf.hpp"
#include "qkv/rope.h"

namespace qkv::tools {

struct DecoderShape {
  std::int64_t layers, hidden, feed_forward, vocabulary, context;
  std::int64_t query_heads, key_heads, head_dim, rotary_dim;
  float epsilon;
  qkv_rope_kind rope_kind;
  qkv_rope_table_args rope;  // base and scaling; no operands

  std::int64_t query_columns() const { return query_heads * head_dim; }
  std::int64_t key_columns() const { return key_heads * head_dim; }
};

// Throws std::runtime_error that begins with the file's name, for an architecture that is not known here, and for sizes
// that are missing, do not fit together or are out of all reason.
DecoderShape decoder_shape(const Gguf& file);

}  // namespace qkv::tools
