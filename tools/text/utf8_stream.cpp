// SPDX-License-Identifier: Apache-2.0
#include "text/utf8_stream.hpp"

#include <cstddef>
#include <utility>

namespace qkv::tools {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

enum class Completeness { whole, broken, cut_off };

struct Start {
  Completeness completeness;
  std::size_t bytes;
};

struct Following {
  std::size_t count;
  unsigned char first_low = 0x80, first_high = 0xBF;  // what the byte after the lead may be
};

// Table 3-7 of the Unicode Standard. 0 for a byte that leads nothing.
Following following(unsigned char lead) {
  if (lead >= 0xC2 && lead <= 0xDF) return {1};
  if (lead == 0xE0) return {2, 0xA0};
  if (lead == 0xED) return {2, 0x80, 0x9F};
  if (lead >= 0xE1 && lead <= 0xEF) return {2};
  if (lead == 0xF0) return {3, 0x90};
  if (lead >= 0xF1 && lead <= 0xF3) return {3};
  if (lead == 0xF4) return {3, 0x80, 0x8F};
  return {0};
}

// What the bytes, of which there is one at least, begin with.
Start first_character(std::string_view bytes) {
  const auto lead = static_cast<unsigned char>(bytes[0]);
  if (lead < 0x80) return {Completeness::whole, 1};
  const Following rest = following(lead);
  if (rest.count == 0) return {Completeness::broken, 1};
  for (std::size_t at = 1; at <= rest.count; ++at) {
    if (at == bytes.size()) return {Completeness::cut_off, at};
    const auto byte = static_cast<unsigned char>(bytes[at]);
    const bool fits = at == 1 ? byte >= rest.first_low && byte <= rest.first_high : (byte & 0xC0) == 0x80;
    if (!fits) return {Completeness::broken, at};
  }
  return {Completeness::whole, rest.count + 1};
}

}  // namespace

std::string Utf8Stream::add(std::string_view bytes) {
  const std::string all = std::exchange(held_back_, {}).append(bytes);
  std::string text;
  for (std::string_view rest = all; !rest.empty();) {
    const Start start = first_character(rest);
    if (start.completeness == Completeness::cut_off) {
      held_back_ = rest;
      break;
    }
    text += start.completeness == Completeness::whole ? rest.substr(0, start.bytes) : replacement;
    rest.remove_prefix(start.bytes);
  }
  return text;
}

std::string Utf8Stream::finish() {
  return std::exchange(held_back_, {}).empty() ? std::string() : std::string(replacement);
}

std::string replace_invalid_utf8(std::string_view bytes) {
  Utf8Stream stream;
  std::string text = stream.add(bytes);
  return text += stream.finish();
}

}  // namespace qkv::tools
