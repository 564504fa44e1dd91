// SPDX-License-Identifier: Apache-2.0
#include "text/utf8.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <array>

namespace qkv::tools {
namespace {

struct Decoded {
  utf8proc_int32_t code_point;
  utf8proc_ssize_t bytes;  // less than 1: not UTF-8
};

Decoded decode(std::string_view text) {
  Decoded decoded = {};
  decoded.bytes = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                   static_cast<utf8proc_ssize_t>(text.size()), &decoded.code_point);
  return decoded;
}

}  // namespace

std::u32string from_utf8(std::string_view text) {
  std::u32string out;
  while (!text.empty()) {
    const auto [code_point, bytes] = decode(text);
    if (bytes > 0) out += static_cast<char32_t>(code_point);
    text.remove_prefix(static_cast<std::size_t>(std::max<utf8proc_ssize_t>(bytes, 1)));
  }
  return out;
}

std::string to_utf8(std::u32string_view text) {
  std::string out;
  for (const char32_t c : text) {
    std::array<utf8proc_uint8_t, 4> bytes;
    const utf8proc_ssize_t count = utf8proc_encode_char(static_cast<utf8proc_int32_t>(c), bytes.data());
    out.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(count));
  }
  return out;
}

std::optional<std::size_t> invalid_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const utf8proc_ssize_t bytes = decode(text.substr(at)).bytes;
    if (bytes < 1) return at;
    at += static_cast<std::size_t>(bytes);
  }
  return std::nullopt;
}

}  // namespace qkv::tools
