// SPDX-License-Identifier: Apache-2.0
#include "model/decoder_weights.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "model/packed_weight.hpp"
#include "qkv/qkv.hpp"

namespace qkv::tools {
namespace {

std::vector<float> read_vector(const Gguf& file, const std::string& name, std::int64_t size) {
  return file.read_f32(file.tensor(name, std::array{size}));
}
std::vector<float> read_matrix(const Gguf& file, const std::string& name, std::int64_t rows, std::int64_t columns) {
  return file.read_f32(file.tensor(name, std::array{rows, columns}));
}

bool has(const Gguf& file, const std::string& name) {
  return file.tensors().contains(name);
}

struct Part {
  std::string name;  // of the tensors NAME.weight and, where there is a bias, NAME.bias
  std::int64_t outputs;
};

// Several matrices with the same inputs become one, their outputs one after another.
Projection read_projection(const Gguf& file, const std::vector<Part>& parts, std::int64_t inputs) {
  std::vector<float> weight, bias;
  const bool biased = has(file, parts.front().name + ".bias");
  std::int64_t outputs = 0;
  for (const Part& part : parts) {
    const auto rows = read_matrix(file, part.name + ".weight", part.outputs, inputs);
    weight.insert(weight.end(), rows.begin(), rows.end());
    outputs += part.outputs;
    if (!biased) continue;
    const auto offsets = read_vector(file, part.name + ".bias", part.outputs);
    bias.insert(bias.end(), offsets.begin(), offsets.end());
  }
  return {packed_weight(input(weight, {outputs, inputs})), std::move(bias)};
}

DecoderLayer read_layer(const Gguf& file, const DecoderShape& shape, std::int64_t layer) {
  const auto name = [layer](std::string_view part) { return fmt::format("blk.{}.{}", layer, part); };
  return {
      .attention_norm = read_vector(file, name("attn_norm.weight"), shape.hidden),
      .query_key_value = read_projection(file,
                                         {{name("attn_q"), shape.query_columns()},
                                          {name("attn_k"), shape.key_columns()},
                                          {name("attn_v"), shape.key_columns()}},
                                         shape.hidden),
      .attention_output = read_projection(file, {{name("attn_output"), shape.hidden}}, shape.query_columns()),
      .feed_forward_norm = read_vector(file, name("ffn_norm.weight"), shape.hidden),
      .gate_up = read_projection(file, {{name("ffn_gate"), shape.feed_forward}, {name("ffn_up"), shape.feed_forward}},
                                 shape.hidden),
      .down = read_projection(file, {{name("ffn_down"), shape.hidden}}, shape.feed_forward),
  };
}

}  // namespace

DecoderWeights load_decoder(const Gguf& file, const std::function<void(std::int64_t)>& progress) {
  const DecoderShape shape = decoder_shape(file);
  DecoderWeights weights = {};
  weights.shape = shape;
  weights.token_table = read_matrix(file, "token_embd.weight", shape.vocabulary, shape.hidden);
  if (has(file, "rope_freqs.weight"))
    weights.rope_divisors = read_vector(file, "rope_freqs.weight", shape.rotary_dim / 2);
  for (std::int64_t layer = 0; layer < shape.layers; ++layer) {
    weights.layers.push_back(read_layer(file, shape, layer));
    progress(layer + 1);
  }
  weights.output_norm = read_vector(file, "output_norm.weight", shape.hidden);
  weights.output = has(file, "output.weight")
                       ? read_projection(file, {{"output", shape.vocabulary}}, shape.hidden)
                       : Projection{packed_weight(input(weights.token_table, {shape.vocabulary, shape.hidden})), {}};
  return weights;
}

}  // namespace qkv::tools
