// SPDX-License-Identifier: Apache-2.0
#include "text/tokenizer.hpp"

#include <algorithm>
#include <cassert>
#include <span>
#include <utility>

#include "text/special_tokens.hpp"
#include "text/utf8.hpp"
#include "text/words.hpp"

namespace qkv::tools {
namespace {

// Byte positions at which a character of a UTF-8 text begins, and the end.
std::vector<std::size_t> character_ends(std::string_view text) {
  std::vector<std::size_t> ends;
  for (std::size_t i = 1; i <= text.size(); ++i)
    if (i == text.size() || (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) ends.push_back(i);
  return ends;
}

}  // namespace

Tokenizer::Tokenizer(Vocabulary vocabulary)
    : vocabulary_(std::move(vocabulary)), unknown_id_(*vocabulary_.find(unknown_token)) {}

std::vector<std::int64_t> Tokenizer::word_pieces(std::u32string_view word) const {
  if (word.size() > max_word_characters) return {unknown_id_};
  const std::string text = to_utf8(word);
  const std::vector<std::size_t> ends = character_ends(text);
  std::vector<std::int64_t> ids;
  std::size_t begin = 0;
  while (begin < text.size()) {
    std::size_t next = begin;
    for (auto end = ends.rbegin(); end != ends.rend() && *end > begin && next == begin; ++end) {
      const std::string piece = (begin == 0 ? "" : "##") + text.substr(begin, *end - begin);
      if (const auto id = vocabulary_.find(piece)) {
        ids.push_back(*id);
        next = *end;
      }
    }
    if (next == begin) return {unknown_id_};
    begin = next;
  }
  return ids;
}

TokenizedText Tokenizer::tokenize(std::string_view text, std::int64_t max_tokens) const {
  assert(max_tokens >= 2);
  TokenizedText result;
  const auto append = [&](std::int64_t id) {
    result.ids.push_back(id);
    result.pieces.push_back(vocabulary_.piece(id));
    result.word_of.push_back(result.words.size() - 1);
  };
  const auto append_special = [&](std::string_view token) {
    result.words.emplace_back(token);
    append(*vocabulary_.find(token));
  };

  append_special(first_token);
  result.full_token_count = 2;
  for (const Word& word : split_words(text)) {
    const std::string word_text = to_utf8(word.text);
    const auto ids = word.is_special ? std::vector{*vocabulary_.find(word_text)} : word_pieces(word.text);
    result.full_token_count += static_cast<std::int64_t>(ids.size());
    const auto room = static_cast<std::size_t>(max_tokens - 1) - result.ids.size();
    if (room == 0) continue;
    result.words.push_back(word_text);
    for (const std::int64_t id : std::span(ids).first(std::min(room, ids.size()))) append(id);
  }
  append_special(last_token);
  return result;
}

}  // namespace qkv::tools
