// SPDX-License-Identifier: Apache-2.0
#include "picture/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace qkv::tools {
namespace {

constexpr std::array<std::string_view, 3> marks = {"[CLS]", "[SEP]", "[PAD]"};

bool is_mark(const std::string& token) {
  return std::ranges::find(marks, token) != marks.end();
}

// Adds the row of one token in one head, times `share`, to the sums per word. NaN counts as nothing: max takes the 0.
void add_row(std::vector<float>& sums, const std::vector<PictureWord>& words, const float* row, float share) {
  for (std::size_t word = 0; word < words.size(); ++word)
    for (std::size_t piece = 0; piece < words[word].token_count; ++piece)
      sums[word] += share * std::max(0.0f, row[words[word].first_token + piece]);
}

}  // namespace

std::vector<PictureWord> picture_words(const AttentionPicture& picture) {
  const bool only_marks = std::ranges::all_of(picture.words, is_mark);
  std::vector<PictureWord> words;
  for (auto first = picture.word_of.begin(); first != picture.word_of.end();) {
    const auto end = std::upper_bound(first, picture.word_of.end(), *first);
    const std::string& word = picture.words[*first];
    if (!is_mark(word) || only_marks)
      words.push_back(
          {word, static_cast<std::size_t>(first - picture.word_of.begin()), static_cast<std::size_t>(end - first)});
    first = end;
  }
  return words;
}

std::vector<float> word_weights(const AttentionPicture& picture, const std::vector<PictureWord>& words, int layer,
                                int head, const PictureWord& from) {
  const std::size_t tokens = picture.tokens.size();
  const auto heads = static_cast<std::size_t>(picture.heads);
  const std::size_t first_head = head == mean_of_heads ? 0 : static_cast<std::size_t>(head);
  const std::size_t end_head = head == mean_of_heads ? heads : first_head + 1;
  const float share = 1 / static_cast<float>((end_head - first_head) * from.token_count);
  std::vector<float> sums(words.size());
  for (std::size_t h = first_head; h < end_head; ++h)
    for (std::size_t piece = 0; piece < from.token_count; ++piece) {
      const std::size_t row = (static_cast<std::size_t>(layer) * heads + h) * tokens + from.first_token + piece;
      add_row(sums, words, picture.weights.data() + row * tokens, share);
    }
  return sums;
}

std::string percent(float weight) {
  const long rounded = std::lround(100.0 * weight);
  return rounded < 1 && weight > 0 ? "<1%" : fmt::format("{}%", rounded);
}

}  // namespace qkv::tools
