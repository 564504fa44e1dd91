// SPDX-License-Identifier: Apache-2.0
// What a config.json tells about a BERT encoder that its tensors do not.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace qkv::tools {

inline constexpr std::int64_t minilm_head_dim = 32;
inline constexpr float minilm_epsilon = 1e-12F;

struct EncoderConfig {
  std::optional<std::int64_t> heads;
  std::optional<float> epsilon;
};

// Nothing, if the file does not exist. Throws std::runtime_error if it is malformed or asks for another architecture.
EncoderConfig read_encoder_config(const std::filesystem::path& path);

}  // namespace qkv::tools
