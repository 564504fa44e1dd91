// SPDX-License-Identifier: Apache-2.0
// The vocabulary of a byte-level tokeniser writes every byte as a printable character (Radford et al. 2019,
// section 2.2): bytes that are printable in Latin-1 stand for themselves, the others become U+0100, U+0101 ... in their
// order.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace qkv::tools {

// UTF-8 of the character that stands for a byte.
std::string letter_of_byte(unsigned char byte);

// The bytes that a token of the vocabulary stands for; nothing if one of its characters stands for none.
std::optional<std::string> bytes_of_letters(std::string_view token);

}  // namespace qkv::tools
