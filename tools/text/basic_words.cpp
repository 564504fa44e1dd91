// SPDX-License-Identifier: Apache-2.0
#include "basic_words.hpp"

#include <utf8proc.h>

#include <array>
#include <span>

#include "character_classes.hpp"

namespace qkv::tools {
namespace {

constexpr size_t kMaxDecomposition = 8;  // code points; NFD needs at most 4

using Decomposition = std::array<utf8proc_int32_t, kMaxDecomposition>;

// The canonical decomposition of one code point. Marks are not put into canonical order between code points: nearly all
// are dropped, and a word with any of the others is [UNK] in either order, as no BERT vocabulary has them.
std::span<const utf8proc_int32_t> decompose(utf8proc_int32_t code_point, Decomposition& buffer) {
  int boundary_state = 0;
  const auto count = utf8proc_decompose_char(code_point, buffer.data(), static_cast<utf8proc_ssize_t>(buffer.size()),
                                             UTF8PROC_DECOMPOSE, &boundary_state);
  return {buffer.data(), static_cast<size_t>(count)};
}

class WordSplitter {
 public:
  explicit WordSplitter(const std::function<bool(const BasicWord&)>& use_word) : use_word_(use_word) {}

  bool wants_more() const { return wants_more_; }

  void add(utf8proc_int32_t code_point, ByteRange source) {
    switch (character_class(code_point)) {
      case CharacterClass::letter:
        append(code_point, source);
        break;
      case CharacterClass::ideograph:
      case CharacterClass::punctuation:
        finish();
        append(code_point, source);
        finish();
        break;
      case CharacterClass::space:
        finish();
        break;
      case CharacterClass::mark:
      case CharacterClass::removed:
        break;
    }
  }

  void finish() {
    if (word_.size() > 0 && wants_more_) wants_more_ = use_word_(word_);
    word_.utf8.clear();
    word_.ends.clear();
    word_.sources.clear();
  }

 private:
  void append(utf8proc_int32_t code_point, ByteRange source) {
    std::array<utf8proc_uint8_t, 4> bytes;
    const auto count = utf8proc_encode_char(code_point, bytes.data());
    word_.utf8.append(bytes.begin(), bytes.begin() + count);
    word_.ends.push_back(word_.utf8.size());
    word_.sources.push_back(source);
  }

  const std::function<bool(const BasicWord&)>& use_word_;
  BasicWord word_;
  bool wants_more_ = true;
};

}  // namespace

std::string_view BasicWord::slice(size_t first, size_t last) const {
  const size_t begin = first == 0 ? 0 : ends[first - 1];
  return std::string_view(utf8).substr(begin, ends[last - 1] - begin);
}

void for_each_word(std::string_view text, ByteRange range, const std::function<bool(const BasicWord&)>& use_word) {
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  WordSplitter splitter(use_word);
  Decomposition buffer;
  for (size_t position = range.first; position < range.second && splitter.wants_more();) {
    utf8proc_int32_t code_point = 0;
    const auto length =
        utf8proc_iterate(bytes + position, static_cast<utf8proc_ssize_t>(range.second - position), &code_point);
    const size_t end = position + (length > 0 ? static_cast<size_t>(length) : 1);
    if (length > 0) {
      for (const auto part : decompose(code_point, buffer)) splitter.add(utf8proc_tolower(part), {position, end});
    }
    position = end;
  }
  splitter.finish();
}

}  // namespace qkv::tools
