// SPDX-License-Identifier: Apache-2.0
// The tokeniser that a GGUF file brings along.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/gguf.hpp"
#include "text/byte_pair_tokenizer.hpp"

namespace qkv::tools {

struct GgufTokenizer {
  BytePairTokenizer tokenizer;
  std::optional<std::int64_t> first_id;  // to put before a text, if the model wants that
  std::vector<std::int64_t> end_ids;     // after which the model has nothing more to say
  std::optional<std::string> chat_template;

  // The text as the model expects it, with first_id.
  std::vector<std::int64_t> encode(std::string_view text) const;
};

// Throws std::runtime_error that begins with the file's name if the file has no tokeniser, a malformed one, or one that
// is not known here.
GgufTokenizer read_gguf_tokenizer(const Gguf& file);

}  // namespace qkv::tools
