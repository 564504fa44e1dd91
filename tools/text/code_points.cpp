// SPDX-License-Identifier: Apache-2.0
#include "text/code_points.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdint>
#include <span>

#include "text/unicode_differences.hpp"

namespace qkv::tools {
namespace {

// The range that holds c, or nullptr.
template <typename Range>
const Range* find_range(std::span<const Range> ranges, char32_t c) {
  const auto after = std::ranges::upper_bound(ranges, c, {}, &Range::first);
  if (after == ranges.begin() || c > std::prev(after)->last) return nullptr;
  return &*std::prev(after);
}

bool is_ideograph(char32_t c) {
  struct Block {
    char32_t first, last;
  };
  // The blocks of the original BERT tokeniser. Its Rust successor begins extension E at 2B920, and so do we.
  static constexpr std::array<Block, 8> blocks = {{{0x3400, 0x4DBF},
                                                   {0x4E00, 0x9FFF},
                                                   {0xF900, 0xFAFF},
                                                   {0x20000, 0x2A6DF},
                                                   {0x2A700, 0x2B73F},
                                                   {0x2B740, 0x2B81F},
                                                   {0x2B920, 0x2CEAF},
                                                   {0x2F800, 0x2FA1F}}};
  return std::ranges::any_of(blocks, [c](const Block& block) { return block.first <= c && c <= block.last; });
}

bool is_ascii_symbol(char32_t c) {
  return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}

CodePointKind kind_of(CodePointDifference difference) {
  switch (difference) {
    case CodePointDifference::mark:
      return CodePointKind::mark;
    case CodePointDifference::punctuation:
      return CodePointKind::punctuation;
    case CodePointDifference::letter:
    case CodePointDifference::ordered_letter:
      break;
  }
  return CodePointKind::letter;
}

CodePointKind kind_of(utf8proc_category_t category) {
  switch (category) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CS:
      return CodePointKind::removed;
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return CodePointKind::space;
    case UTF8PROC_CATEGORY_MN:
      return CodePointKind::mark;
    case UTF8PROC_CATEGORY_PC:
    case UTF8PROC_CATEGORY_PD:
    case UTF8PROC_CATEGORY_PS:
    case UTF8PROC_CATEGORY_PE:
    case UTF8PROC_CATEGORY_PI:
    case UTF8PROC_CATEGORY_PF:
    case UTF8PROC_CATEGORY_PO:
      return CodePointKind::punctuation;
    default:
      return CodePointKind::letter;
  }
}

void append_decomposed(char32_t c, std::u32string& out) {
  std::array<utf8proc_int32_t, 16> parts;
  int last_boundary = UTF8PROC_BOUNDCLASS_START;
  const auto count =
      utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c), parts.data(),
                              static_cast<utf8proc_ssize_t>(parts.size()), UTF8PROC_DECOMPOSE, &last_boundary);
  assert(count > 0 && static_cast<std::size_t>(count) <= parts.size());
  for (utf8proc_ssize_t i = 0; i < count; ++i) out += static_cast<char32_t>(parts[static_cast<std::size_t>(i)]);
}

// The canonical combining class: marks sort by it, 0 stays where it is.
int order_class(char32_t c) {
  const KindRange* range = find_range(code_point_differences(), c);
  if (range != nullptr && range->kind == CodePointDifference::letter) return 0;
  return utf8proc_get_property(static_cast<utf8proc_int32_t>(c))->combining_class;
}

void sort_marks(std::u32string& text) {
  const auto is_mark = [](char32_t c) { return order_class(c) != 0; };
  for (auto first = text.begin(); first != text.end();) {
    first = std::find_if(first, text.end(), is_mark);
    const auto last = std::find_if_not(first, text.end(), is_mark);
    std::stable_sort(first, last, [](char32_t a, char32_t b) { return order_class(a) < order_class(b); });
    first = last;
  }
}

}  // namespace

CodePointKind code_point_kind(char32_t c) {
  if (c == '\t' || c == '\n' || c == '\r') return CodePointKind::space;
  if (c == 0 || c == 0xFFFD) return CodePointKind::removed;
  if (is_ascii_symbol(c)) return CodePointKind::punctuation;
  if (is_ideograph(c)) return CodePointKind::ideograph;
  if (const KindRange* range = find_range(code_point_differences(), c)) return kind_of(range->kind);
  return kind_of(utf8proc_category(static_cast<utf8proc_int32_t>(c)));
}

char32_t lower_case(char32_t c) {
  if (const LowerCaseRange* range = find_range(lower_case_differences(), c))
    return static_cast<char32_t>(static_cast<std::int32_t>(c) + range->offset);
  return static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c)));
}

std::u32string decomposed(std::u32string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (const char32_t c : text) {
    if (find_range(code_point_differences(), c) != nullptr)
      out += c;
    else
      append_decomposed(c, out);
  }
  sort_marks(out);
  return out;
}

}  // namespace qkv::tools
