// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace qkv::tools {

// Bytes that are not UTF-8 are left out, as the tokeniser does with the U+FFFD that a decoder puts in their place.
std::u32string from_utf8(std::string_view text);
std::string to_utf8(std::u32string_view text);

// Where the first byte is that is not UTF-8.
std::optional<std::size_t> invalid_utf8(std::string_view text);

}  // namespace qkv::tools
