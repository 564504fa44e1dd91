// SPDX-License-Identifier: Apache-2.0
// The attention of a text as a picture: a page to explore, and a still one for a document.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace qkv::tools {

// In place of a head: the mean over the heads of the layer.
inline constexpr int mean_of_heads = -1;

// Numbers here count from 0; both pictures show them counted from 1.
struct AttentionPicture {
  std::string model;
  std::string text;
  std::vector<std::string> tokens;
  std::vector<std::string> words;    // as they are shown; [CLS], [SEP] and [PAD] are words, too
  std::vector<std::size_t> word_of;  // per token, an index of words, which never falls
  int layers;
  int heads;
  std::vector<float> weights;  // [layer][head][query][key]; a row sums to 1, a key that is not visible has 0
  int best_layer;              // the map that the page opens with
  int best_head;               // or mean_of_heads
  int from_token = 0;          // the token whose links it opens with
};

// One HTML file with everything in it; the reader picks text, layer, head and word. Weights are stored in steps of
// 1/65500, 2.7 bytes each: 7 kB per head for a sentence of 50 tokens. Whole percents are the same in both pictures.
std::string attention_html(const std::vector<AttentionPicture>& pictures);

// The text with a line from one word to each that it looks at, as thick as its weight. Pieces are joined to words,
// [CLS] and [SEP] left out. It brings its own background, for light and for dark pages.
std::string attention_svg(const AttentionPicture& picture, int layer, int head, int from_token);

}  // namespace qkv::tools
