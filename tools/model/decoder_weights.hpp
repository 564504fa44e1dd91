// SPDX-License-Identifier: Apache-2.0
// The weights of a Llama-like decoder, packed for the instruction set in use. Tensor names are those of GGUF files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "model/aligned_buffer.hpp"
#include "model/decoder_shape.hpp"
#include "model/gguf.hpp"

namespace qkv::tools {

// How matrices are kept: as the file has them, where there are kernels for that, or as f32.
enum class WeightFormat { file, f32 };

// Outputs one after another; one part where all matrices have the same type.
struct Projection {
  struct Part {
    std::int64_t outputs;
    AlignedBuffer weight;  // packed [outputs, inputs]
  };
  std::vector<Part> parts;
  std::vector<float> bias;  // [outputs of all]; empty: none
};

// [vocabulary, hidden] as in the file.
struct TokenTable {
  TensorType type;
  std::vector<std::byte> rows;

  void read_row(std::int64_t id, std::span<float> row) const;
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
  TokenTable token_table;
  std::vector<float> rope_divisors;  // empty: none
  std::vector<DecoderLayer> layers;
  std::vector<float> output_norm;
  Projection output;  // the token table again where the file has no matrix of its own
};

// `progress` is called after every layer with the number of layers read.
DecoderWeights load_decoder(const Gguf& file, WeightFormat format, const std::function<void(std::int64_t)>& progress);

}  // namespace qkv::tools
