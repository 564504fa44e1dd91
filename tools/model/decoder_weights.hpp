// SPDX-License-Identifier: Apache-2.0
// The weights of a Llama-like decoder, packed for the instruction set in use. Tensor names are those of GGUF files.
#pragma once

#include <functional>
#include <vector>

#include "model/aligned_buffer.hpp"
#include "model/decoder_shape.hpp"
#include "model/gguf.hpp"

namespace qkv::tools {

struct Projection {
  AlignedBuffer weight;     // packed [outputs, inputs]
  std::vector<float> bias;  // empty: none
};

struct DecoderLayer {
  std::vector<float> attention_norm;
  Projection query_key_value;  // one product for the three
  Projection attention_output;
  std::vector<float> feed_forward_norm;
  Projection gate_up;  // gate first
  Projection down;
};

struct DecoderWeights {
  DecoderShape shape;
  std::vector<float> token_table;    // [vocabulary, hidden]
  std::vector<float> rope_divisors;  // empty: none
  std::vector<DecoderLayer> layers;
  std::vector<float> output_norm;
  Projection output;  // the token table again where the file has no matrix of its own
};

// `progress` is called after every layer with the number of layers read.
DecoderWeights load_decoder(const Gguf& file, const std::function<void(std::int64_t)>& progress);

}  // namespace qkv::tools
