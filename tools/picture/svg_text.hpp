// SPDX-License-Identifier: Apache-2.0
// Text in an SVG: escaped, and its width guessed without a font.
#pragma once

#include <string>
#include <string_view>

namespace qkv::tools {

// Any bytes as XML character data or the value of an attribute; what XML 1.0 cannot hold becomes U+FFFD.
std::string xml_text(std::string_view text);

// Width in a sans-serif font of size 1. Renderers differ by some percent, so centre text in its place.
double text_width(std::string_view text);

// The text, or as much of its beginning as fits into `width` together with an ellipsis.
std::string shortened(std::string_view text, double width);

// Whether the first letter belongs to a script that is written from right to left.
bool is_right_to_left(std::string_view text);

}  // namespace qkv::tools
