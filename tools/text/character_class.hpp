// SPDX-License-Identifier: Apache-2.0
// What byte-level tokenisers know about single code points.
#pragma once

#include <cstdint>

namespace qkv::tools {

enum class CharacterClass : std::uint8_t {
  letter,  // general category L
  digit,   // general category N: digits of every script, fractions, Roman numerals
  space,   // White_Space
  other,   // marks, punctuation, symbols, controls, what is not assigned
};

CharacterClass character_class(char32_t c);

}  // namespace qkv::tools
