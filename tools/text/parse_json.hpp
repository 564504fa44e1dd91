// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

namespace qkv::tools {

// Parses JSON from a stranger. Throws std::runtime_error with one short line if it is malformed, or nested deeper than
// max_depth.
nlohmann::json parse_json(std::string_view text, int max_depth);

}  // namespace qkv::tools
