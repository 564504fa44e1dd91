// SPDX-License-Identifier: Apache-2.0
// Parses what stands before the data of a GGUF file.
#pragma once

#include <cstdint>
#include <istream>

#include "model/gguf.hpp"

namespace qkv::tools {

// More than the largest vocabularies take.
inline constexpr std::uint64_t max_gguf_header_bytes = std::uint64_t{64} << 20;

struct GgufHeader {
  GgufMetadata metadata;
  Gguf::Tensors tensors;
  std::uint64_t data_begin;
};

// The stream stands at its beginning. Throws std::runtime_error of one line.
GgufHeader read_gguf_header(std::istream& stream, std::uint64_t stream_bytes);

}  // namespace qkv::tools
