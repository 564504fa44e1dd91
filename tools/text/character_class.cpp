// SPDX-License-Identifier: Apache-2.0
#include "text/character_class.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <iterator>

#include "text/new_code_points.hpp"

namespace qkv::tools {
namespace {

// Those categories that stand next to each other in utf8proc's list.
bool within(utf8proc_category_t category, utf8proc_category_t first, utf8proc_category_t last) {
  return first <= category && category <= last;
}

CharacterClass class_of_new(char32_t c) {
  const auto ranges = new_code_points();
  const auto after = std::ranges::upper_bound(ranges, c, {}, &NewCodePoints::first);
  const bool found = after != ranges.begin() && c <= std::prev(after)->last;
  return found ? std::prev(after)->character_class : CharacterClass::other;
}

}  // namespace

CharacterClass character_class(char32_t c) {
  if ((c >= '\t' && c <= '\r') || c == 0x85) return CharacterClass::space;
  const utf8proc_category_t category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  if (within(category, UTF8PROC_CATEGORY_LU, UTF8PROC_CATEGORY_LO)) return CharacterClass::letter;
  if (within(category, UTF8PROC_CATEGORY_ND, UTF8PROC_CATEGORY_NO)) return CharacterClass::digit;
  if (within(category, UTF8PROC_CATEGORY_ZS, UTF8PROC_CATEGORY_ZP)) return CharacterClass::space;
  return category == UTF8PROC_CATEGORY_CN ? class_of_new(c) : CharacterClass::other;
}

}  // namespace qkv::tools
