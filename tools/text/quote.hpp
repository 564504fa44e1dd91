// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace qkv::tools {

// Foreign bytes for an error message: in quotes, on one line, shortened, always UTF-8.
std::string quote(std::string_view text);

// A message that foreign bytes have come into already: the same without quotes and not shortened.
std::string one_line(std::string_view message);

}  // namespace qkv::tools
