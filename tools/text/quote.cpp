// SPDX-License-Identifier: Apache-2.0
#include "text/quote.hpp"

#include <nlohmann/json.hpp>

namespace qkv::tools {

std::string quote(std::string_view text) {
  constexpr std::size_t longest = 80;
  const std::string shown = text.size() <= longest ? std::string(text) : std::string(text.substr(0, longest)) + "...";
  return nlohmann::json(shown).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace qkv::tools
