// SPDX-License-Identifier: Apache-2.0
// Letters and digits that the published tokenisers know and older releases of utf8proc do not. The table is generated
// by tools/make_new_code_points.py.
#pragma once

#include <span>

#include "text/character_class.hpp"

namespace qkv::tools {

struct NewCodePoints {
  char32_t first, last;
  CharacterClass character_class;
};

// Sorted and free of overlaps.
std::span<const NewCodePoints> new_code_points();

}  // namespace qkv::tools
