// SPDX-License-Identifier: Apache-2.0
#include "text/words.hpp"

#include <utility>

#include "text/code_points.hpp"
#include "text/special_tokens.hpp"
#include "text/utf8.hpp"

namespace qkv::tools {
namespace {

std::u32string cleaned(std::u32string_view text) {
  std::u32string out;
  for (const char32_t c : text) {
    switch (code_point_kind(c)) {
      case CodePointKind::removed:
        break;
      case CodePointKind::space:
        out += U' ';
        break;
      case CodePointKind::ideograph:
        out.append({U' ', c, U' '});
        break;
      default:
        out += c;
    }
  }
  return out;
}

// Lower case comes last: it is applied to single code points and its results are not decomposed again.
std::u32string normalized(std::string_view text) {
  std::u32string out = decomposed(cleaned(from_utf8(text)));
  std::erase_if(out, [](char32_t c) { return code_point_kind(c) == CodePointKind::mark; });
  for (char32_t& c : out) c = lower_case(c);
  return out;
}

void append_words(std::string_view text, std::vector<Word>& words) {
  std::u32string word;
  const auto finish = [&] {
    if (!word.empty()) words.push_back({std::exchange(word, {}), false});
  };
  for (const char32_t c : normalized(text)) {
    const CodePointKind kind = code_point_kind(c);
    if (kind == CodePointKind::space || kind == CodePointKind::punctuation) finish();
    if (kind != CodePointKind::space) word += c;
    if (kind == CodePointKind::punctuation) finish();
  }
  finish();
}

struct Match {
  std::size_t position = std::string_view::npos;
  std::string_view token;
};

Match first_special_token(std::string_view text) {
  for (std::size_t at = text.find('['); at != std::string_view::npos; at = text.find('[', at + 1))
    for (const std::string_view token : special_tokens)
      if (text.substr(at).starts_with(token)) return {at, token};
  return {};
}

}  // namespace

std::vector<Word> split_words(std::string_view text) {
  std::vector<Word> words;
  for (;;) {
    const Match match = first_special_token(text);
    append_words(text.substr(0, match.position), words);
    if (match.token.empty()) return words;
    words.push_back({from_utf8(match.token), true});
    text.remove_prefix(match.position + match.token.size());
  }
}

}  // namespace qkv::tools
