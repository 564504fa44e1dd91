// SPDX-License-Identifier: Apache-2.0
// Texts of different lengths as one rectangle of tokens.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace qkv::tools {

struct PaddedBatch {
  std::int64_t texts = 0, length = 0;   // length: of the longest text
  std::vector<std::int64_t> ids;        // [texts][length], padded with id 0
  std::vector<std::int64_t> positions;  // [texts][length]
  std::vector<std::int64_t> counts;     // [texts]: tokens in use

  // Throws std::invalid_argument for a text without tokens or with more than max_length.
  PaddedBatch(std::span<const std::vector<std::int64_t>> token_ids, std::int64_t max_length);

  std::int64_t rows() const { return texts * length; }
};

}  // namespace qkv::tools
