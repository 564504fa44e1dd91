// SPDX-License-Identifier: Apache-2.0
// WordPiece tokenisation of uncased BERT models: the same ids as Hugging Face's fast BertTokenizer for any UTF-8 text.
// A word is cut greedily into the longest pieces the vocabulary has; a word that cannot be cut is one [UNK].
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "basic_words.hpp"

namespace qkv::tools {

// Three columns, one row per token; the first is [CLS] and the last [SEP].
struct Encoding {
  std::vector<int64_t> ids;
  std::vector<std::string> tokens;  // as in the vocabulary: "##ing" continues a word
  std::vector<ByteRange> spans;     // [begin, end) in bytes of the text; {0, 0} for [CLS] and [SEP]
  bool truncated = false;           // tokens were dropped at the end
};

class WordPiece {
 public:
  // A text file with a token per line; its id is the line number from 0. Throws std::runtime_error when it cannot be
  // read or lacks [UNK], [CLS] or [SEP].
  static WordPiece from_file(const std::filesystem::path& vocabulary);

  // At most `max_tokens` tokens with [CLS] and [SEP]. Special tokens such as "[MASK]" in the text become that token.
  // Throws std::runtime_error when max_tokens < 2.
  Encoding encode(std::string_view utf8, int max_tokens = 512) const;

  // Throws std::out_of_range for an id that is not in the vocabulary.
  const std::string& token(int64_t id) const;

 private:
  struct Piece {
    int64_t id;
    ByteRange span;
  };
  struct Special {
    size_t position;
    size_t length;
    int64_t id;
  };

  int64_t required_id(const std::string& token, const std::string& path) const;
  Special next_special(std::string_view text, size_t start) const;
  // Where the longest piece from character `first` on ends, and its id; `first` when there is none.
  size_t longest_piece(const BasicWord& word, size_t first, int64_t& id) const;
  void append_pieces(const BasicWord& word, std::vector<Piece>& pieces) const;
  std::vector<Piece> pieces_of(std::string_view text, size_t limit) const;

  std::vector<std::string> tokens_;
  std::unordered_map<std::string, int64_t> ids_;
  int64_t unknown_ = 0, begin_ = 0, end_ = 0;
};

}  // namespace qkv::tools
