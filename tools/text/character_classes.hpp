// SPDX-License-Identifier: Apache-2.0
// What BERT's tokenizer does with a code point. A generated table and not the Unicode library's categories: the ids
// must be those of the Hugging Face tokenizer, whose categories are of an older Unicode version.
#pragma once

#include <cstdint>

namespace qkv::tools {

enum class CharacterClass : uint8_t {
  letter,       // part of a word
  ideograph,    // a word by itself
  mark,         // nonspacing accent, dropped
  punctuation,  // a word by itself
  removed,      // control, format and private characters, dropped
  space,        // ends a word
};

// Class of a code point that is fully decomposed (NFD); cost: one binary search.
CharacterClass character_class(int32_t code_point);

}  // namespace qkv::tools
