// SPDX-License-Identifier: Apache-2.0
#include "model/encoder_config.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include "text/parse_json.hpp"
#include "text/quote.hpp"
#include "text/read_file.hpp"

namespace qkv::tools {
namespace {

constexpr std::size_t max_config_bytes = 1 << 20;
constexpr int max_config_depth = 8;

nlohmann::json parse_object(const std::string& text) {
  nlohmann::json config = parse_json(text, max_config_depth);
  if (!config.is_object()) throw std::runtime_error("not a JSON object");
  return config;
}

void require(const nlohmann::json& config, const char* key, const char* value) {
  const auto found = config.find(key);
  if (found != config.end() && *found != value) throw std::runtime_error(fmt::format("{} must be \"{}\"", key, value));
}

std::int64_t head_count(const nlohmann::json& value) {
  constexpr std::uint64_t most = std::numeric_limits<std::int32_t>::max();
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > most)
    throw std::runtime_error("num_attention_heads is not a count");
  return value.get<std::int64_t>();
}

float epsilon_from(const nlohmann::json& value) {
  const float epsilon = value.is_number() ? value.get<float>() : -1.0F;
  if (!std::isfinite(epsilon) || epsilon < 0) throw std::runtime_error("layer_norm_eps is not a number >= 0");
  return epsilon;
}

}  // namespace

EncoderConfig read_encoder_config(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return {};
  const std::string text = read_file(path, max_config_bytes);
  try {
    const nlohmann::json json = parse_object(text);
    require(json, "model_type", "bert");
    require(json, "hidden_act", "gelu");
    require(json, "position_embedding_type", "absolute");
    EncoderConfig config;
    if (const auto heads = json.find("num_attention_heads"); heads != json.end()) config.heads = head_count(*heads);
    if (const auto epsilon = json.find("layer_norm_eps"); epsilon != json.end())
      config.epsilon = epsilon_from(*epsilon);
    return config;
  } catch (const std::exception& reason) {
    throw std::runtime_error(fmt::format("{}: {}", quote(path.string()), reason.what()));
  }
}

}  // namespace qkv::tools
