// SPDX-License-Identifier: Apache-2.0
#include "model/gguf_metadata.hpp"

#include <array>

namespace qkv::tools {

std::string_view kind_of(const GgufValue& value) {
  static constexpr std::array<std::string_view, std::variant_size_v<GgufValue>> kinds = {
      "true or false",          "a whole number",          "a whole number of 64 bits", "a number",       "a text",
      "a list of truth values", "a list of whole numbers", "a list of numbers",         "a list of texts"};
  return kinds[value.index()];
}

}  // namespace qkv::tools
