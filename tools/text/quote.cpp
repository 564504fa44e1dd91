// SPDX-License-Identifier: Apache-2.0
#include "text/quote.hpp"

#include <nlohmann/json.hpp>

namespace qkv::tools {
namespace {

// JSON writes control characters as escapes and U+FFFD for what is not UTF-8, but lets DEL pass.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace))
    c == '\x7f' ? out += "\\u007f" : out += c;
  return out;
}

}  // namespace

std::string quote(std::string_view text) {
  constexpr std::size_t longest = 80;
  return escaped(text.size() <= longest ? std::string(text) : std::string(text.substr(0, longest)) + "...");
}

std::string one_line(std::string_view message) {
  while (message.ends_with('\n')) message.remove_suffix(1);
  std::string out = escaped(message);
  out = out.substr(1, out.size() - 2);
  for (std::size_t at = 0; (at = out.find('\\', at)) != std::string::npos; ++at)
    if (out[at + 1] == '"' || out[at + 1] == '\\') out.erase(at, 1);
  return out;
}

}  // namespace qkv::tools
