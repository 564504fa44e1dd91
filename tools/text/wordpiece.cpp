// SPDX-License-Identifier: Apache-2.0
#include "wordpiece.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <stdexcept>

namespace qkv::tools {
namespace {

constexpr size_t kMaxWordCharacters = 100;  // longer words are [UNK] unseen, as in the reference
constexpr std::array kSpecialTokens = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};

}  // namespace

WordPiece WordPiece::from_file(const std::filesystem::path& vocabulary) {
  std::ifstream file(vocabulary);
  if (!file) throw std::runtime_error("cannot open vocabulary " + vocabulary.string());
  WordPiece result;
  for (std::string line; std::getline(file, line);) {
    if (line.ends_with('\r')) line.pop_back();
    result.ids_[line] = static_cast<int64_t>(result.tokens_.size());
    result.tokens_.push_back(std::move(line));
  }
  if (file.bad() || result.tokens_.empty()) throw std::runtime_error("cannot read vocabulary " + vocabulary.string());
  result.unknown_ = result.required_id("[UNK]", vocabulary.string());
  result.begin_ = result.required_id("[CLS]", vocabulary.string());
  result.end_ = result.required_id("[SEP]", vocabulary.string());
  return result;
}

int64_t WordPiece::required_id(const std::string& token, const std::string& path) const {
  const auto found = ids_.find(token);
  if (found == ids_.end()) throw std::runtime_error("vocabulary " + path + " has no " + token);
  return found->second;
}

const std::string& WordPiece::token(int64_t id) const {
  if (id < 0) throw std::out_of_range("negative token id");
  return tokens_.at(static_cast<size_t>(id));
}

Encoding WordPiece::encode(std::string_view utf8, int max_tokens) const {
  if (max_tokens < 2) throw std::runtime_error("max_tokens must be at least 2, for [CLS] and [SEP]");
  const size_t room = static_cast<size_t>(max_tokens) - 2;
  std::vector<Piece> pieces = pieces_of(utf8, room);
  Encoding encoding;
  encoding.truncated = pieces.size() > room;
  pieces.resize(std::min(pieces.size(), room));
  pieces.insert(pieces.begin(), Piece{begin_, {0, 0}});
  pieces.push_back(Piece{end_, {0, 0}});
  for (const Piece& piece : pieces) {
    encoding.ids.push_back(piece.id);
    encoding.tokens.push_back(token(piece.id));
    encoding.spans.push_back(piece.span);
  }
  return encoding;
}

// The pieces of the text. Stops once there are more than `limit`, so that a book costs little more than its first page.
std::vector<WordPiece::Piece> WordPiece::pieces_of(std::string_view text, size_t limit) const {
  std::vector<Piece> pieces;
  const auto use_word = [&](const BasicWord& word) {
    append_pieces(word, pieces);
    return pieces.size() <= limit;
  };
  for (size_t position = 0; position < text.size() && pieces.size() <= limit;) {
    const Special special = next_special(text, position);
    for_each_word(text, {position, special.position}, use_word);
    position = special.position + special.length;
    if (special.length > 0) pieces.push_back(Piece{special.id, {special.position, position}});
  }
  return pieces;
}

// The next special token spelled out in the raw text; at the end of the text, with length 0, when there is none.
WordPiece::Special WordPiece::next_special(std::string_view text, size_t start) const {
  for (size_t open = text.find('[', start); open != text.npos; open = text.find('[', open + 1)) {
    for (const std::string_view token : kSpecialTokens) {
      if (!text.substr(open).starts_with(token)) continue;
      const auto found = ids_.find(std::string(token));
      if (found != ids_.end()) return {open, token.size(), found->second};
    }
  }
  return {text.size(), 0, 0};
}

size_t WordPiece::longest_piece(const BasicWord& word, size_t first, int64_t& id) const {
  std::string candidate;
  for (size_t last = word.size(); last > first; --last) {
    candidate = first == 0 ? "" : "##";
    candidate += word.slice(first, last);
    const auto found = ids_.find(candidate);
    if (found == ids_.end()) continue;
    id = found->second;
    return last;
  }
  return first;
}

void WordPiece::append_pieces(const BasicWord& word, std::vector<Piece>& pieces) const {
  const auto span = [&word](size_t first, size_t last) {
    return ByteRange{word.sources[first].first, word.sources[last - 1].second};
  };
  const size_t before = pieces.size();
  size_t first = 0;
  while (first < word.size() && word.size() <= kMaxWordCharacters) {
    int64_t id = 0;
    const size_t last = longest_piece(word, first, id);
    if (last == first) break;
    pieces.push_back(Piece{id, span(first, last)});
    first = last;
  }
  if (first == word.size()) return;
  pieces.resize(before);
  pieces.push_back(Piece{unknown_, span(0, word.size())});
}

}  // namespace qkv::tools
