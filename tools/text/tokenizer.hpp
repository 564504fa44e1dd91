// SPDX-License-Identifier: Apache-2.0
// WordPiece (Schuster and Nakajima 2012; Wu et al. 2016, section 4.1) as BERT uses it, lower-cased, with the ids of the
// Hugging Face fast tokeniser:
//
//   special tokens typed in the text are cut out; the rest is cleaned of control characters, blanks are put around
//   ideographs, accents are stripped, letters lower-cased; blanks and punctuation split it into words; a word becomes
//   the longest pieces of the vocabulary from left to right, or [UNK] where that fails or it is longer than 100
//   characters.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/vocabulary.hpp"

namespace qkv::tools {

// A text as the model sees it, from [CLS] to [SEP].
struct TokenizedText {
  std::vector<std::int64_t> ids;
  std::vector<std::string> pieces;    // as in the vocabulary
  std::vector<std::size_t> word_of;   // per token, an index of words
  std::vector<std::string> words;     // normalised; special tokens are words too
  std::int64_t full_token_count = 0;  // before truncation
};

class Tokenizer {
 public:
  static constexpr std::size_t max_word_characters = 100;

  explicit Tokenizer(Vocabulary vocabulary);

  const Vocabulary& vocabulary() const { return vocabulary_; }

  // The first max_tokens - 2 tokens of the text between [CLS] and [SEP]; max_tokens is at least 2.
  TokenizedText tokenize(std::string_view text, std::int64_t max_tokens) const;

 private:
  std::vector<std::int64_t> word_pieces(std::u32string_view word) const;

  Vocabulary vocabulary_;
  std::int64_t unknown_id_;
};

}  // namespace qkv::tools
