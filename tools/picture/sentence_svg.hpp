// SPDX-License-Identifier: Apache-2.0
// A text as SVG elements: its words in lines, and a link from one of them to each that it looks at.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "picture/words.hpp"

namespace qkv::tools {

// Weights below it are left out: they round to 0 %.
inline constexpr float smallest_drawn = 0.005f;

struct SentenceSvg {
  std::string elements;
  double bottom;
};

// Between `left` and `right`, from `top` down; at least one word. `weights`: what words[from] gives to each of them.
SentenceSvg sentence_svg(const std::vector<PictureWord>& words, const std::vector<float>& weights, std::size_t from,
                         double left, double right, double top);

}  // namespace qkv::tools
