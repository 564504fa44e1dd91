// SPDX-License-Identifier: Apache-2.0
#include "model/encoder_weights.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "model/encoder_config.hpp"
#include "model/packed_weight.hpp"
#include "qkv/qkv.hpp"

namespace qkv::tools {
namespace {

std::string layer_name(std::int64_t layer, std::string_view part) {
  return fmt::format("encoder.layer.{}.{}", layer, part);
}

std::vector<std::int64_t> matrix_shape(const Safetensors& checkpoint, const std::string& name) {
  const auto found = checkpoint.tensors().find(name);
  if (found == checkpoint.tensors().end()) throw std::runtime_error("the checkpoint has no tensor " + name);
  const auto& shape = found->second.shape;
  if (shape.size() != 2 || shape[0] < 1 || shape[1] < 1) throw std::runtime_error("no matrix: tensor " + name);
  return shape;
}

// Any tensor of it counts, so that a layer of which one is missing is an error and not the end of the model.
bool has_layer(const Safetensors& checkpoint, std::int64_t layer) {
  const std::string prefix = layer_name(layer, "");
  const auto first = checkpoint.tensors().lower_bound(prefix);
  return first != checkpoint.tensors().end() && first->first.starts_with(prefix);
}

struct MatrixShape {
  std::string name;  // of the tensors NAME.weight and NAME.bias
  std::int64_t outputs, inputs;
};

// Several matrices with the same inputs become one, their outputs one after another.
Linear load_linear(const Safetensors& checkpoint, const std::vector<MatrixShape>& matrices) {
  std::vector<float> weight, bias;
  for (const auto& [name, outputs, inputs] : matrices) {
    const auto rows = checkpoint.read_f32(name + ".weight", std::array{outputs, inputs});
    const auto offsets = checkpoint.read_f32(name + ".bias", std::array{outputs});
    weight.insert(weight.end(), rows.begin(), rows.end());
    bias.insert(bias.end(), offsets.begin(), offsets.end());
  }
  const auto outputs = static_cast<std::int64_t>(bias.size());
  return {packed_weight(input(weight, {outputs, matrices.front().inputs})), std::move(bias)};
}

Norm load_norm(const Safetensors& checkpoint, const std::string& name, std::int64_t columns) {
  return {checkpoint.read_f32(name + ".weight", std::array{columns}),
          checkpoint.read_f32(name + ".bias", std::array{columns})};
}

EncoderLayer load_layer(const Safetensors& checkpoint, const EncoderShape& shape, std::int64_t layer) {
  const auto name = [layer](std::string_view part) { return layer_name(layer, part); };
  const std::int64_t hidden = shape.hidden, wide = shape.feed_forward;
  return {
      .query_key_value = load_linear(checkpoint, {{name("attention.self.query"), hidden, hidden},
                                                  {name("attention.self.key"), hidden, hidden},
                                                  {name("attention.self.value"), hidden, hidden}}),
      .attention_output = load_linear(checkpoint, {{name("attention.output.dense"), hidden, hidden}}),
      .attention_norm = load_norm(checkpoint, name("attention.output.LayerNorm"), hidden),
      .expand = load_linear(checkpoint, {{name("intermediate.dense"), wide, hidden}}),
      .contract = load_linear(checkpoint, {{name("output.dense"), hidden, wide}}),
      .output_norm = load_norm(checkpoint, name("output.LayerNorm"), hidden),
  };
}

}  // namespace

EncoderShape encoder_shape(const Safetensors& checkpoint, const std::filesystem::path& config) {
  const auto tokens = matrix_shape(checkpoint, "embeddings.word_embeddings.weight");
  EncoderShape shape = {};
  shape.vocabulary = tokens[0];
  shape.hidden = tokens[1];
  shape.positions = matrix_shape(checkpoint, "embeddings.position_embeddings.weight")[0];
  shape.types = matrix_shape(checkpoint, "embeddings.token_type_embeddings.weight")[0];
  shape.feed_forward = matrix_shape(checkpoint, layer_name(0, "intermediate.dense.weight"))[0];
  while (has_layer(checkpoint, shape.layers)) ++shape.layers;

  const EncoderConfig known = read_encoder_config(config);
  shape.heads = known.heads.value_or(shape.hidden / minilm_head_dim);
  shape.epsilon = known.epsilon.value_or(minilm_epsilon);
  if (shape.heads < 1 || shape.hidden % shape.heads != 0)
    throw std::runtime_error(fmt::format("{} attention heads do not divide {} columns", shape.heads, shape.hidden));
  if (shape.positions < 2)
    throw std::runtime_error(fmt::format("{} position is too few for [CLS] and [SEP]", shape.positions));
  return shape;
}

EncoderWeights load_encoder(const Safetensors& checkpoint, const EncoderShape& shape) {
  const auto table = [&](const std::string& name, std::int64_t rows) {
    return checkpoint.read_f32("embeddings." + name + ".weight", std::array{rows, shape.hidden});
  };
  EncoderWeights weights = {
      .shape = shape,
      .token_table = table("word_embeddings", shape.vocabulary),
      .position_table = table("position_embeddings", shape.positions),
      .type_table = table("token_type_embeddings", shape.types),
      .embedding_norm = load_norm(checkpoint, "embeddings.LayerNorm", shape.hidden),
      .layers = {},
  };
  for (std::int64_t layer = 0; layer < shape.layers; ++layer)
    weights.layers.push_back(load_layer(checkpoint, shape, layer));
  return weights;
}

}  // namespace qkv::tools
