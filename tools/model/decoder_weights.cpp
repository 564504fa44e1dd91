// SPDX-License-Identifier: Apache-2.0
#include "model/decoder_weights.hpp"

#include <fmt/format.h>

#include <array>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include "model/dequantize.hpp"
#include "model/packed_weight.hpp"
#include "qkv/qkv.hpp"
#include "text/quote.hpp"

namespace qkv::tools {
namespace {

// A matrix as the file has it.
struct RawMatrix {
  TensorType type;
  std::vector<std::byte> bytes;
};

// Reads tensors, and knows which of them nobody has asked for.
class Source {
 public:
  Source(const Gguf& file, WeightFormat format) : file_(file), format_(format) {}

  bool has(const std::string& name) const { return file_.tensors().contains(name); }
  WeightFormat format() const { return format_; }
  std::vector<float> vector(const std::string& name, std::int64_t size) {
    return file_.read_f32(find(name, std::array{size}));
  }
  RawMatrix matrix(const std::string& name, std::int64_t rows, std::int64_t columns) {
    const GgufTensor& tensor = find(name, std::array{rows, columns});
    RawMatrix matrix{tensor.type, std::vector<std::byte>(tensor.bytes)};
    file_.read(tensor, matrix.bytes);
    return matrix;
  }
  // A tensor that the model has, and this decoder does not, would change the result.
  void check_all_read() const {
    for (const auto& [name, tensor] : file_.tensors())
      if (!read_.contains(name)) file_.fail(fmt::format("tensor {} is not known here", quote(name)));
  }

 private:
  const GgufTensor& find(const std::string& name, std::span<const std::int64_t> shape) {
    read_.insert(name);
    return file_.tensor(name, shape);
  }

  const Gguf& file_;
  WeightFormat format_;
  std::set<std::string> read_;
};

// 0 for types that the library does not multiply with.
std::int32_t block_format(TensorType type) {
  switch (type) {
    case TensorType::q4_0:
      return QKV_Q4_0;
    case TensorType::q4_1:
      return QKV_Q4_1;
    case TensorType::q8_0:
      return QKV_Q8_0;
    case TensorType::q4_k:
      return QKV_Q4_K;
    case TensorType::q6_k:
      return QKV_Q6_K;
    default:
      return 0;
  }
}

AlignedBuffer pack(const RawMatrix& matrix, std::int64_t outputs, std::int64_t inputs, WeightFormat format) {
  const std::int32_t blocks = format == WeightFormat::file ? block_format(matrix.type) : 0;
  if (blocks != 0) return packed_weight(qkv_block_matrix{matrix.bytes.data(), blocks, outputs, inputs, 0});
  std::vector<float> values(static_cast<std::size_t>(outputs * inputs));
  dequantize(matrix.type, matrix.bytes, values);
  return packed_weight(input(values, {outputs, inputs}));
}

struct Part {
  std::string name;  // of the tensors NAME.weight and, where the first part has a bias, NAME.bias
  std::int64_t outputs;
};

// Matrices with the same inputs become one where they are of one type, their outputs one after another.
Projection read_projection(Source& source, const std::vector<Part>& parts, std::int64_t inputs) {
  Projection projection;
  const bool biased = source.has(parts.front().name + ".bias");
  RawMatrix joined;
  std::int64_t outputs = 0;
  const auto finish = [&] {
    if (outputs > 0) projection.parts.push_back({outputs, pack(joined, outputs, inputs, source.format())});
  };
  for (const Part& part : parts) {
    RawMatrix matrix = source.matrix(part.name + ".weight", part.outputs, inputs);
    if (outputs > 0 && matrix.type == joined.type) {
      joined.bytes.insert(joined.bytes.end(), matrix.bytes.begin(), matrix.bytes.end());
      outputs += part.outputs;
    } else {
      finish();
      joined = std::move(matrix);
      outputs = part.outputs;
    }
    if (!biased) continue;
    const auto offsets = source.vector(part.name + ".bias", part.outputs);
    projection.bias.insert(projection.bias.end(), offsets.begin(), offsets.end());
  }
  finish();
  return projection;
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

void TokenTable::read_row(std::int64_t id, std::span<float> row) const {
  const TensorTypeFacts& facts = tensor_type_facts(type);
  const std::size_t bytes = row.size() / facts.block_elements * facts.block_bytes;
  dequantize(type, std::span(rows).subspan(static_cast<std::size_t>(id) * bytes, bytes), row);
}

DecoderWeights load_decoder(const Gguf& file, WeightFormat format, const std::function<void(std::int64_t)>& progress) {
  const DecoderShape shape = decoder_shape(file);
  Source source(file, format);
  DecoderWeights weights = {};
  weights.shape = shape;
  RawMatrix table = source.matrix("token_embd.weight", shape.vocabulary, shape.hidden);
  if (source.has("rope_freqs.weight")) weights.rope_divisors = source.vector("rope_freqs.weight", shape.rotary_dim / 2);
  for (std::int64_t layer = 0; layer < shape.layers; ++layer) {
    weights.layers.push_back(read_layer(source, shape, layer));
    progress(layer + 1);
  }
  weights.output_norm = source.vector("output_norm.weight", shape.hidden);
  if (source.has("output.weight")) {
    weights.output = read_projection(source, {{"output", shape.vocabulary}}, shape.hidden);
  } else {
    weights.output.parts.push_back({shape.vocabulary, pack(table, shape.vocabulary, shape.hidden, format)});
  }
  weights.token_table = {table.type, std::move(table.bytes)};
  source.check_all_read();
  return weights;
}

}  // namespace qkv::tools
