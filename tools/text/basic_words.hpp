// SPDX-License-Identifier: Apache-2.0
// BERT's basic tokenisation: UTF-8 text to lower-case, accent-free words, each character tied to its source bytes.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace qkv::tools {

using ByteRange = std::pair<size_t, size_t>;  // [first, second) of the source text

struct BasicWord {
  std::string utf8;
  std::vector<size_t> ends;        // per character: where it ends in `utf8`
  std::vector<ByteRange> sources;  // per character: the bytes it was made from

  size_t size() const { return ends.size(); }
  // Characters [first, last) of the word.
  std::string_view slice(size_t first, size_t last) const;
};

// Calls `use_word` for each word of text[range], in order, until it returns false. Bytes that are no valid UTF-8 are
// dropped, as the tokenizer drops U+FFFD, by which a decoder would replace them.
void for_each_word(std::string_view text, ByteRange range, const std::function<bool(const BasicWord&)>& use_word);

}  // namespace qkv::tools
