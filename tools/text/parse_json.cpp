// SPDX-License-Identifier: Apache-2.0
#include "text/parse_json.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace qkv::tools {

nlohmann::json parse_json(std::string_view text, int max_depth) {
  using Event = nlohmann::json::parse_event_t;
  const auto limit_depth = [max_depth](int depth, Event event, const nlohmann::json&) {
    if ((event == Event::object_start || event == Event::array_start) && depth >= max_depth)
      throw std::runtime_error(fmt::format("JSON nested deeper than {}", max_depth));
    return true;
  };
  try {
    return nlohmann::json::parse(text, limit_depth);
  } catch (const nlohmann::json::parse_error& error) {
    throw std::runtime_error(fmt::format("not JSON (byte {})", error.byte));
  } catch (const nlohmann::json::exception&) {
    throw std::runtime_error("a JSON number is out of range");
  }
}

}  // namespace qkv::tools
