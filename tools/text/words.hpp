// SPDX-License-Identifier: Apache-2.0
// From raw text to the normalised words that WordPiece cuts up.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace qkv::tools {

struct Word {
  std::u32string text;
  bool is_special;  // one of the special tokens, typed in the text
};

std::vector<Word> split_words(std::string_view text);

}  // namespace qkv::tools
