// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace qkv::tools {

// Columns that a text takes in a terminal: ideographs take two, combining marks none.
std::size_t column_count(std::string_view text);

// The text and blanks up to `columns`.
std::string padded(std::string_view text, std::size_t columns);

}  // namespace qkv::tools
