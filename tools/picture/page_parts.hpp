// SPDX-License-Identifier: Apache-2.0
// The page of page/, with its style and scripts inlined by inline_page.py, cut where the pictures belong.
#pragma once

#include <string_view>

namespace qkv::tools {

extern const std::string_view page_before_pictures;
extern const std::string_view page_after_pictures;

}  // namespace qkv::tools
