// SPDX-License-Identifier: Apache-2.0
#include "text/columns.hpp"

#include <utf8proc.h>

#include "text/utf8.hpp"

namespace qkv::tools {

std::size_t column_count(std::string_view text) {
  std::size_t columns = 0;
  for (const char32_t c : from_utf8(text))
    columns += static_cast<std::size_t>(utf8proc_charwidth(static_cast<utf8proc_int32_t>(c)));
  return columns;
}

std::string padded(std::string_view text, std::size_t columns) {
  const std::size_t used = column_count(text);
  return std::string(text) + std::string(used < columns ? columns - used : 0, ' ');
}

}  // namespace qkv::tools
