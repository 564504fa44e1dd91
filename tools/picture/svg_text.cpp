// SPDX-License-Identifier: Apache-2.0
#include "picture/svg_text.hpp"

#include <utf8proc.h>

namespace qkv::tools {
namespace {

constexpr utf8proc_int32_t replacement = 0xfffd;

// Takes the first code point off the text; U+FFFD stands for a byte that is not UTF-8.
utf8proc_int32_t next_code_point(std::string_view& text) {
  utf8proc_int32_t code_point;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const utf8proc_ssize_t size = utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size()), &code_point);
  text.remove_prefix(size > 0 ? static_cast<std::size_t>(size) : 1);
  return size > 0 ? code_point : replacement;
}

// XML 1.0, production 2.
bool is_xml_character(utf8proc_int32_t c) {
  return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c != 0xfffe && c != 0xffff);
}

void append_utf8(std::string& out, utf8proc_int32_t code_point) {
  utf8proc_uint8_t bytes[4];
  const utf8proc_ssize_t size = utf8proc_encode_char(code_point, bytes);
  out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

// Classes of the widths of Helvetica and its relatives.
double character_width(utf8proc_int32_t c) {
  constexpr std::string_view narrow = "fijlrtI.,:;'|!()[]/ ";
  constexpr std::string_view wide = "mwMW@%";
  if (c < 0x80) {
    const char ascii = static_cast<char>(c);
    if (narrow.find(ascii) != std::string_view::npos) return 0.31;
    if (wide.find(ascii) != std::string_view::npos) return 0.86;
    return ascii >= 'A' && ascii <= 'Z' ? 0.68 : 0.57;
  }
  constexpr double per_column[] = {0, 0.6, 1};
  return per_column[utf8proc_charwidth(c)];
}

}  // namespace

std::string xml_text(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const utf8proc_int32_t c = next_code_point(text);
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&apos;";
        break;
      default:
        append_utf8(out, is_xml_character(c) ? c : replacement);
    }
  }
  return out;
}

double text_width(std::string_view text) {
  double width = 0;
  while (!text.empty()) width += character_width(next_code_point(text));
  return width;
}

std::string shortened(std::string_view text, double width) {
  if (text_width(text) <= width) return std::string(text);
  std::string_view rest = text;
  for (double left = width - 1; left > 0;) {
    std::string_view after = rest;
    left -= character_width(next_code_point(after));
    if (left > 0) rest = after;
  }
  return std::string(text.substr(0, text.size() - rest.size())) + "…";
}

bool is_right_to_left(std::string_view text) {
  while (!text.empty()) {
    const auto direction = utf8proc_get_property(next_code_point(text))->bidi_class;
    if (direction == UTF8PROC_BIDI_CLASS_L) return false;
    if (direction == UTF8PROC_BIDI_CLASS_R || direction == UTF8PROC_BIDI_CLASS_AL) return true;
  }
  return false;
}

}  // namespace qkv::tools
