// SPDX-License-Identifier: Apache-2.0
#include "model/decoder_weights.hpp"

#include <fmt/format.h>

#include <array>
#include <set>
#include <span>
#include <string_view>

#include "model/packed_weight.hpp"
#include "qkv/qkv.hpp"
#include "text/quote.hpp"

namespace qkv::tools {
namespace {

// Reads tensors, and knows which of them nobody has asked for.
class Source {
 public:
  explicit Source(const Gguf& file) : file_(file) {}

  bool has(const std::string& name) const { return file_.tensors().contains(name); }
  std::vector<float> vector(const std::string& name, std::int64_t size) { return read(name, std::array{size}); }
  std::vector<float> matrix(const std::string& name, std::int64_t rows, std::int64_t columns) {
    return read(name, std::array{rows, columns});
  }
  // A tensor that the model has, and this decoder does not, would change the result.
  void check_all_read() const {
    for (const auto& [name, tensor] : file_.tensors())
      if (!read_.contains(name)) file_.fail(fmt::format("tensor {} is not known here", quote(name)));
  }

 private:
  std::vector<float> read(const std::string& name, std::span<const std::int64_t> shape) {
    read_.insert(name);
    return file_.read_f32(file_.tensor(name, shape));
  }

  const Gguf& file_;
  std::set<std::string> read_;
};

struct Part {
  std::string name;  // of the tensors NAME.weight and, where the first part has a bias, NAME.bias
  std::int64_t outputs;
};

// Several matrices with the same inputs become one, their outputs one after another.
Projection read_projection(Source& source, const std::vector<Part>& parts, std::int64_t inputs) {
  std::vector<float> weight, bias;
  const bool biased = source.has(parts.front().name + ".bias");
  std::int64_t outputs = 0;
  for (const Part& part : parts) {
    const auto rows = source.matrix(part.name + ".weight", part.outputs, inputs);
    weight.insert(weight.end(), rows.begin(), rows.end());
    outputs += part.outputs;
    if (!biased) continue;
    const auto offsets = source.vector(part.name + ".bias", part.outputs);
    bias.insert(bias.end(), offsets.begin(), offsets.end());
  }
  return {packed_weight(input(weight, {outputs, inputs})), std::move(bias)};
}

DecoderLayer read_layer(Source& source, const DecoderShape& shape, std::int64_t layer) {
  const auto name = [layer](std::string_view part) { return fmt::format("blk.{}.{}", layer, part); };
  return {
      .attention_norm = source.vector(name("attn_norm.weight"), shape.hidden),
      .query_key_value = read_projection(source,
                                         {{name("attn_q"), shape.query_columns()},
                                          {name("attn_k"), shape.key_columns()},
                                          {name("attn_v"), shape.key_columns()}},
                                         shape.hidden),
      .attention_output = read_projection(source, {{name("attn_output"), shape.hidden}}, shape.query_columns()),
      .feed_forward_norm = source.vector(name("ffn_norm.weight"), shape.hidden),
      .gate_up = read_projection(source, {{name("ffn_gate"), shape.feed_forward}, {name("ffn_up"), shape.feed_forward}},
                                 shape.hidden),
      .down = read_projection(source, {{name("ffn_down"), shape.hidden}}, shape.feed_forward),
  };
}

}  // namespace

DecoderWeights load_decoder(const Gguf& file, const std::function<void(std::int64_t)>& progress) {
  const DecoderShape shape = decoder_shape(file);
  Source source(file);
  DecoderWeights weights = {};
  weights.shape = shape;
  weights.token_table = source.matrix("token_embd.weight", shape.vocabulary, shape.hidden);
  if (source.has("rope_freqs.weight")) weights.rope_divisors = source.vector("rope_freqs.weight", shape.rotary_dim / 2);
  for (std::int64_t layer = 0; layer < shape.layers; ++layer) {
    weights.layers.push_back(read_layer(source, shape, layer));
    progress(layer + 1);
  }
  weights.output_norm = source.vector("output_norm.weight", shape.hidden);
  weights.output = source.has("output.weight")
                       ? read_projection(source, {{"output", shape.vocabulary}}, shape.hidden)
                       : Projection{packed_weight(input(weights.token_table, {shape.vocabulary, shape.hidden})), {}};
  source.check_all_read();
  return weights;
}

}  // namespace qkv::tools
