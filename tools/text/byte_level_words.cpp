// SPDX-License-Identifier: Apache-2.0
#include "text/byte_level_words.hpp"

#include <array>
#include <cstddef>

#include "text/character_class.hpp"
#include "text/utf8.hpp"

namespace qkv::tools {
namespace {

// 0 if the text does not begin with one.
std::size_t contraction_length(std::string_view text) {
  static constexpr std::array<std::string_view, 7> contractions = {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"};
  for (const std::string_view contraction : contractions)
    if (text.starts_with(contraction)) return contraction.size();
  return 0;
}

// The text as characters, of which only the class counts.
class Characters {
 public:
  explicit Characters(std::string_view text) : text_(text) {
    for (const char32_t c : from_utf8(text)) classes_.push_back(character_class(c));
    offsets_.reserve(classes_.size() + 1);
    for (std::size_t i = 0; i < text.size(); ++i)
      if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) offsets_.push_back(i);
    offsets_.push_back(text.size());
  }

  std::size_t count() const { return classes_.size(); }

  std::string_view between(std::size_t begin, std::size_t end) const {
    return text_.substr(offsets_[begin], offsets_[end] - offsets_[begin]);
  }

  std::size_t word_end(std::size_t begin) const {
    if (classes_[begin] == CharacterClass::digit) return begin + 1;
    if (const std::size_t length = contraction_length(text_.substr(offsets_[begin]))) return begin + length;
    const bool blank = text_[offsets_[begin]] == ' ' && begin + 1 < count();
    if (is_wordlike(begin)) return run_end(begin);
    if (blank && is_wordlike(begin + 1)) return run_end(begin + 1);
    const std::size_t end = run_end(begin);
    return end < count() && is_wordlike(end) && end > begin + 1 ? end - 1 : end;
  }

 private:
  bool is_wordlike(std::size_t i) const {
    return classes_[i] == CharacterClass::letter || classes_[i] == CharacterClass::other;
  }

  std::size_t run_end(std::size_t begin) const {
    std::size_t end = begin + 1;
    while (end < count() && classes_[end] == classes_[begin]) ++end;
    return end;
  }

  std::string_view text_;
  std::vector<CharacterClass> classes_;
  std::vector<std::size_t> offsets_;
};

}  // namespace

std::vector<std::string_view> split_byte_level_words(std::string_view text) {
  const Characters characters(text);
  std::vector<std::string_view> words;
  for (std::size_t begin = 0; begin < characters.count();) {
    const std::size_t end = characters.word_end(begin);
    words.push_back(characters.between(begin, end));
    begin = end;
  }
  return words;
}

}  // namespace qkv::tools
