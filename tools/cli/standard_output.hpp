// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace qkv::tools {

// Throws std::runtime_error if standard output does not take everything. A reader that has gone away, as head does, is
// no error: what follows is for nobody.
void write_standard_output(std::string_view text);

// What standard error does not take is lost.
void write_standard_error(std::string_view text);

}  // namespace qkv::tools
