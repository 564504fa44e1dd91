// SPDX-License-Identifier: Apache-2.0
// The words that a byte-level tokeniser cuts a text into before it looks for tokens, by the rule that GGUF files call
// "smollm": every digit is a word of its own; what is between digits is split as GPT-2 does it, by the first that fits
// of
//
//   's 't 're 've 'm 'll 'd   |   ' '? letters   |   ' '? others   |   spaces, without the last if a word follows them
#pragma once

#include <string_view>
#include <vector>

namespace qkv::tools {

// Together they are the text, which is UTF-8.
std::vector<std::string_view> split_byte_level_words(std::string_view text);

}  // namespace qkv::tools
