// SPDX-License-Identifier: Apache-2.0
// The weights of a BERT encoder, packed for the instruction set in use. Tensor names are those of the Hugging Face
// checkpoints.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "model/aligned_buffer.hpp"
#include "model/safetensors.hpp"

namespace qkv::tools {

struct EncoderShape {
  std::int64_t layers, heads, hidden, feed_forward, positions, vocabulary, types;
  float epsilon;

  std::int64_t head_dim() const { return hidden / heads; }
};

// Sizes come from the tensors. What no tensor tells, the number of heads and the LayerNorm epsilon, is MiniLM's (heads
// of 32, 1e-12) unless `config` says otherwise, a config.json that may be absent.
EncoderShape encoder_shape(const Safetensors& checkpoint, const std::filesystem::path& config);

struct Linear {
  AlignedBuffer weight;  // packed [outputs, inputs]
  std::vector<float> bias;
};

struct Norm {
  std::vector<float> weight, bias;
};

struct EncoderLayer {
  Linear query_key_value;  // one product for the three projections
  Linear attention_output;
  Norm attention_norm;
  Linear expand, contract;
  Norm output_norm;
};

struct EncoderWeights {
  EncoderShape shape;
  std::vector<float> token_table, position_table, type_table;
  Norm embedding_norm;
  std::vector<EncoderLayer> layers;
};

EncoderWeights load_encoder(const Safetensors& checkpoint, const EncoderShape& shape);

}  // namespace qkv::tools
