// SPDX-License-Identifier: Apache-2.0
#include "model/decoder_shape.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "qkv/qkv.hpp"
#include "text/quote.hpp"

namespace qkv::tools {
namespace {

constexpr std::int64_t most_layers = 1024, most_columns = 1 << 20, most_context = std::int64_t{1} << 32;

// The values under "llama." or what else the architecture is called.
class Settings {
 public:
  Settings(const GgufMetadata& metadata, std::string architecture)
      : metadata_(metadata), architecture_(std::move(architecture)) {}

  std::int64_t count(std::string_view name, std::int64_t most) const {
    return checked(name, metadata_.get<std::int64_t>(key(name)), most);
  }
  std::int64_t count_or(std::string_view name, std::int64_t most, std::int64_t otherwise) const {
    const auto* value = metadata_.find<std::int64_t>(key(name));
    return value == nullptr ? otherwise : checked(name, *value, most);
  }
  float number(std::string_view name) const { return finite(name, metadata_.get<double>(key(name))); }
  float number_or(std::string_view name, float otherwise) const {
    const auto* value = metadata_.find<double>(key(name));
    return value == nullptr ? otherwise : finite(name, *value);
  }
  bool has(std::string_view name) const { return metadata_.values().contains(key(name)); }
  std::string text_or(std::string_view name, std::string otherwise) const {
    const auto* value = metadata_.find<std::string>(key(name));
    return value == nullptr ? otherwise : *value;
  }

 private:
  std::string key(std::string_view name) const { return fmt::format("{}.{}", architecture_, name); }
  std::int64_t checked(std::string_view name, std::int64_t value, std::int64_t most) const {
    if (value < 1 || value > most)
      throw std::runtime_error(fmt::format("{} is {}: must be 1 to {}", key(name), value, most));
    return value;
  }
  float finite(std::string_view name, double value) const {
    const auto number = static_cast<float>(value);
    if (!std::isfinite(number) || number <= 0)
      throw std::runtime_error(fmt::format("{} is {}: must be a positive number", key(name), value));
    return number;
  }

  const GgufMetadata& metadata_;
  std::string architecture_;
};

// In the files of these architectures, rows of the query and key weights are in the order that interleaved pairs need
// (llama), or as their authors have them, halves (qwen2).
qkv_rope_kind rope_kind(const std::string& architecture) {
  if (architecture == "llama") return QKV_ROPE_INTERLEAVED;
  if (architecture == "qwen2") return QKV_ROPE_HALVES;
  throw std::runtime_error(
      fmt::format("general.architecture is {}: known here are llama and qwen2", quote(architecture)));
}

qkv_rope_table_args rope_settings(const Settings& settings, std::int64_t context) {
  auto rope = make<qkv_rope_table_args>();
  rope.base = settings.number_or("rope.freq_base", 10000.0F);
  const std::string scaling = settings.text_or("rope.scaling.type", "none");
  if (scaling == "none") return rope;
  if (scaling == "linear") {
    rope.scaling = QKV_ROPE_LINEAR;
  } else if (scaling == "yarn") {
    rope.scaling = QKV_ROPE_YARN;
    rope.original_context =
        static_cast<float>(settings.count_or("rope.scaling.original_context_length", most_context, context));
  } else {
    throw std::runtime_error(fmt::format("rope.scaling.type is {}: must be none, linear or yarn", quote(scaling)));
  }
  rope.factor = settings.number("rope.scaling.factor");
  return rope;
}

// What would change results, and is not done here.
void refuse_unknown(const Settings& settings, const DecoderShape& shape) {
  for (const char* name : {"attention.sliding_window", "expert_count", "rope.scale_linear", "rope.scaling.attn_factor"})
    if (settings.has(name)) throw std::runtime_error(fmt::format("{} is not known here", name));
  const std::int64_t value_dim = settings.count_or("attention.value_length", most_columns, shape.head_dim);
  if (value_dim != shape.head_dim)
    throw std::runtime_error(
        fmt::format("attention.value_length is {}: must be that of keys, {}", value_dim, shape.head_dim));
}

void check_heads(const DecoderShape& shape) {
  if (shape.query_heads % shape.key_heads != 0)
    throw std::runtime_error(
        fmt::format("{} key heads do not divide {} query heads", shape.key_heads, shape.query_heads));
  if (shape.rotary_dim % 2 != 0 || shape.rotary_dim > shape.head_dim)
    throw std::runtime_error(fmt::format("{} rotary dimensions in heads of {}", shape.rotary_dim, shape.head_dim));
}

// What the library says of base and scaling, in the words of the file.
void check_rope(const DecoderShape& shape) {
  qkv_rope_table_args args = shape.rope;
  const std::array extents = {std::int64_t{1}, shape.rotary_dim};
  args.output = qkv_tensor_f32(nullptr, 2, extents.data());
  qkv_plan plan;
  if (qkv_rope_table_plan(&args, &plan) != QKV_OK)
    throw std::runtime_error(fmt::format("rope.freq_base or rope.scaling: {}", qkv_error_message()));
}

DecoderShape read_shape(const GgufMetadata& metadata) {
  const auto& architecture = metadata.get<std::string>("general.architecture");
  DecoderShape shape = {};
  shape.rope_kind = rope_kind(architecture);
  const Settings settings(metadata, architecture);
  shape.layers = settings.count("block_count", most_layers);
  shape.hidden = settings.count("embedding_length", most_columns);
  shape.feed_forward = settings.count("feed_forward_length", most_columns);
  shape.context = settings.count("context_length", most_context);
  shape.query_heads = settings.count("attention.head_count", shape.hidden);
  shape.key_heads = settings.count_or("attention.head_count_kv", most_columns, shape.query_heads);
  shape.head_dim = settings.count_or("attention.key_length", most_columns, shape.hidden / shape.query_heads);
  shape.rotary_dim = settings.count_or("rope.dimension_count", most_columns, shape.head_dim);
  shape.epsilon = settings.number("attention.layer_norm_rms_epsilon");
  shape.rope = rope_settings(settings, shape.context);
  shape.vocabulary = static_cast<std::int64_t>(metadata.get<std::vector<std::string>>("tokenizer.ggml.tokens").size());
  refuse_unknown(settings, shape);
  check_heads(shape);
  check_rope(shape);
  return shape;
}

}  // namespace

DecoderShape decoder_shape(const Gguf& file) {
  try {
    return read_shape(file.metadata());
  } catch (const std::runtime_error& reason) {
    file.fail(reason.what());
  }
}

}  // namespace qkv::tools
