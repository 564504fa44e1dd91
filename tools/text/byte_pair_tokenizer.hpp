// SPDX-License-Identifier: Apache-2.0
// Byte-level BPE (Radford et al. 2019, section 2.2) with the ids of the Hugging Face tokeniser:
//
//   special tokens typed in the text are cut out; the rest is split into words (byte_level_words.hpp); the bytes of a
//   word become tokens, bytes without a token are left out, and merges join them.
//
// A text that is not UTF-8 is read with U+FFFD in place of what is wrong (utf8_stream.hpp).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/byte_pair_merges.hpp"

namespace qkv::tools {

struct BytePairVocabulary {
  std::vector<std::string> tokens;  // in the letters of byte_letters.hpp, special ones as they are; the index is the id
  std::vector<bool> is_special;     // per token
  std::vector<std::string> merges;  // "left right", the earliest first
};

class BytePairTokenizer {
 public:
  // Throws std::runtime_error if a merge is malformed or its tokens are not in the vocabulary.
  explicit BytePairTokenizer(BytePairVocabulary vocabulary);

  std::int64_t size() const { return static_cast<std::int64_t>(bytes_.size()); }
  std::vector<std::int64_t> encode(std::string_view text) const;

  // What the token adds to a text: bytes that need not be whole characters. Special tokens are spelt out.
  const std::string& bytes(std::int64_t id) const { return bytes_[static_cast<std::size_t>(id)]; }
  bool is_special(std::int64_t id) const { return is_special_[static_cast<std::size_t>(id)]; }

 private:
  void add_merge(std::string_view merge, std::size_t rank, const std::unordered_map<std::string, std::int32_t>& ids);
  void append_words(std::string_view text, std::vector<std::int64_t>& ids) const;
  std::optional<std::int32_t> special_at(std::string_view text) const;

  std::vector<std::string> bytes_;
  std::vector<bool> is_special_;
  std::array<std::int32_t, 256> symbol_of_byte_;
  // By their first byte, the longest first.
  std::array<std::vector<std::int32_t>, 256> special_by_byte_;
  BytePairMerges merges_;
};

}  // namespace qkv::tools
