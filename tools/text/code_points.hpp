// SPDX-License-Identifier: Apache-2.0
// What the BERT tokeniser knows about single code points.
#pragma once

#include <string>
#include <string_view>

namespace qkv::tools {

enum class CodePointKind {
  letter,       // anything that is none of the others
  removed,      // control, format and private-use characters, NUL, U+FFFD
  space,        // becomes a blank
  ideograph,    // CJK: a word of its own
  mark,         // accents that are stripped
  punctuation,  // a word of its own
};

CodePointKind code_point_kind(char32_t c);
char32_t lower_case(char32_t c);

// Canonical decomposition (NFD) of a text.
std::u32string decomposed(std::u32string_view text);

}  // namespace qkv::tools
