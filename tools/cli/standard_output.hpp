// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace qkv::tools {

// Throws std::runtime_error if standard output does not take everything.
void write_standard_output(std::string_view text);

}  // namespace qkv::tools
