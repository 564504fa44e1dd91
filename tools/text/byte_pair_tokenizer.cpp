// SPDX-License-Identifier: Apache-2.0
#include "text/byte_pair_tokenizer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

#include "text/byte_letters.hpp"
#include "text/byte_level_words.hpp"
#include "text/quote.hpp"
#include "text/utf8_stream.hpp"

namespace qkv::tools {
namespace {

constexpr std::int32_t no_symbol = -1;

using Ids = std::unordered_map<std::string, std::int32_t>;

Ids ids_of(const std::vector<std::string>& tokens) {
  if (tokens.size() > std::size_t{std::numeric_limits<std::int32_t>::max()})
    throw std::runtime_error(fmt::format("{} tokens are too many", tokens.size()));
  Ids ids;
  ids.reserve(tokens.size());
  for (std::size_t id = 0; id < tokens.size(); ++id) ids[tokens[id]] = static_cast<std::int32_t>(id);
  return ids;
}

std::int32_t id_of(const Ids& ids, const std::string& token) {
  const auto found = ids.find(token);
  if (found == ids.end()) throw std::runtime_error(fmt::format("no token {}", quote(token)));
  return found->second;
}

std::size_t first_byte(std::string_view text) {
  return static_cast<unsigned char>(text[0]);
}

}  // namespace

BytePairTokenizer::BytePairTokenizer(BytePairVocabulary vocabulary) : is_special_(std::move(vocabulary.is_special)) {
  const Ids ids = ids_of(vocabulary.tokens);
  if (is_special_.size() != vocabulary.tokens.size())
    throw std::runtime_error(fmt::format("{} kinds for {} tokens", is_special_.size(), vocabulary.tokens.size()));
  for (unsigned byte = 0; byte < 256; ++byte) {
    const auto found = ids.find(letter_of_byte(static_cast<unsigned char>(byte)));
    symbol_of_byte_[byte] = found == ids.end() ? no_symbol : found->second;
  }
  for (std::size_t rank = 0; rank < vocabulary.merges.size(); ++rank) add_merge(vocabulary.merges[rank], rank, ids);
  for (std::size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    std::string& token = vocabulary.tokens[id];
    if (is_special_[id] && !token.empty()) special_by_byte_[first_byte(token)].push_back(static_cast<std::int32_t>(id));
    auto bytes = is_special_[id] ? std::nullopt : bytes_of_letters(token);
    bytes_.push_back(std::move(bytes ? *bytes : token));
  }
  const auto length = [this](std::int32_t id) { return bytes(id).size(); };
  for (auto& specials : special_by_byte_) std::ranges::stable_sort(specials, std::ranges::greater{}, length);
}

void BytePairTokenizer::add_merge(std::string_view merge, std::size_t rank, const Ids& ids) {
  try {
    const std::size_t blank = merge.find(' ', 1);
    if (blank == std::string_view::npos) throw std::runtime_error("not two tokens with a blank between them");
    const std::string left(merge.substr(0, blank)), right(merge.substr(blank + 1));
    merges_.add(id_of(ids, left), id_of(ids, right), {rank, id_of(ids, left + right)});
  } catch (const std::runtime_error& reason) {
    throw std::runtime_error(fmt::format("merge {}, {}: {}", rank, quote(merge), reason.what()));
  }
}

std::optional<std::int32_t> BytePairTokenizer::special_at(std::string_view text) const {
  for (const std::int32_t id : special_by_byte_[first_byte(text)])
    if (text.starts_with(bytes(id))) return id;
  return std::nullopt;
}

void BytePairTokenizer::append_words(std::string_view text, std::vector<std::int64_t>& ids) const {
  std::vector<std::int32_t> symbols;
  for (const std::string_view word : split_byte_level_words(text)) {
    symbols.clear();
    for (const char byte : word) {
      const std::int32_t symbol = symbol_of_byte_[static_cast<unsigned char>(byte)];
      if (symbol != no_symbol) symbols.push_back(symbol);
    }
    for (const std::int32_t id : merges_.apply(symbols)) ids.push_back(id);
  }
}

std::vector<std::int64_t> BytePairTokenizer::encode(std::string_view text) const {
  const std::string valid = replace_invalid_utf8(text);
  const std::string_view all = valid;
  std::vector<std::int64_t> ids;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < all.size();) {
    const auto special = special_at(all.substr(at));
    if (!special) {
      ++at;
      continue;
    }
    append_words(all.substr(begin, at - begin), ids);
    ids.push_back(*special);
    begin = at += bytes(*special).size();
  }
  append_words(all.substr(begin), ids);
  return ids;
}

}  // namespace qkv::tools
