// SPDX-License-Identifier: Apache-2.0
#include "text/byte_letters.hpp"

#include <array>
#include <cstddef>

#include "text/utf8.hpp"

namespace qkv::tools {
namespace {

constexpr bool stands_for_itself(unsigned byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xFF && byte != 0xAD);
}

constexpr std::array<char32_t, 256> letters = [] {
  std::array<char32_t, 256> all{};
  char32_t next = 0x100;
  for (unsigned byte = 0; byte < 256; ++byte) all[byte] = stands_for_itself(byte) ? byte : next++;
  return all;
}();

// The way back; -1 for what stands for no byte.
constexpr std::array<int, 0x144> bytes = [] {
  std::array<int, 0x144> all{};
  all.fill(-1);
  for (int byte = 0; byte < 256; ++byte) all[letters[static_cast<std::size_t>(byte)]] = byte;
  return all;
}();

}  // namespace

std::string letter_of_byte(unsigned char byte) {
  return to_utf8(std::u32string(1, letters[byte]));
}

std::optional<std::string> bytes_of_letters(std::string_view token) {
  if (invalid_utf8(token)) return std::nullopt;
  std::string out;
  for (const char32_t c : from_utf8(token)) {
    if (c >= bytes.size() || bytes[c] < 0) return std::nullopt;
    out += static_cast<char>(bytes[c]);
  }
  return out;
}

}  // namespace qkv::tools
