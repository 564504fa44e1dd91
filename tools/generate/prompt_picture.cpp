// SPDX-License-Identifier: Apache-2.0
#include "generate/prompt_picture.hpp"

#include <algorithm>
#include <string_view>

#include "text/utf8_stream.hpp"

namespace qkv::tools {
namespace {

constexpr std::string_view blanks = " \t\r\n";

bool begins_word(std::string_view bytes) {
  return !bytes.empty() && blanks.find(bytes.front()) != std::string_view::npos;
}

// Without blanks around it; a word of nothing else as it is.
std::string label_of(std::string_view word) {
  const std::size_t first = word.find_first_not_of(blanks), last = word.find_last_not_of(blanks);
  return replace_invalid_utf8(first == std::string_view::npos ? word : word.substr(first, last - first + 1));
}

void add_words(AttentionPicture& picture, const PromptAttention& attention, const BytePairTokenizer& tokenizer) {
  std::string text;
  std::vector<std::string> words;
  for (const std::int64_t id : attention.ids) {
    const std::string& bytes = tokenizer.bytes(id);
    if (words.empty() || begins_word(bytes) || tokenizer.is_special(id)) words.emplace_back();
    words.back() += bytes;
    text += bytes;
    picture.tokens.push_back(replace_invalid_utf8(bytes));
    picture.word_of.push_back(words.size() - 1);
  }
  for (const std::string& word : words) picture.words.push_back(label_of(word));
  picture.text = replace_invalid_utf8(text);
}

void choose_opening(AttentionPicture& picture) {
  const std::size_t tokens = picture.tokens.size();
  float greatest = 0;
  const float* row = picture.weights.data();
  for (int layer = 0; layer < picture.layers; ++layer)
    for (int head = 0; head < picture.heads; ++head)
      for (std::size_t from = 0; from < tokens; ++from, row += tokens)
        for (std::size_t to = 0; to < from; ++to) {
          const std::size_t looked_at = picture.word_of[to], word = picture.word_of[from];
          if (looked_at == 0 || looked_at + 1 >= word || row[to] <= greatest) continue;
          greatest = row[to];
          picture.best_layer = layer;
          picture.best_head = head;
          picture.from_token = static_cast<int>(from);
        }
}

}  // namespace

AttentionPicture prompt_picture(const PromptAttention& attention, const BytePairTokenizer& tokenizer,
                                const DecoderShape& shape) {
  AttentionPicture picture = {.model = attention.model,
                              .text = {},
                              .tokens = {},
                              .words = {},
                              .word_of = {},
                              .layers = static_cast<int>(shape.layers),
                              .heads = static_cast<int>(shape.query_heads),
                              .weights = {attention.weights.begin(), attention.weights.end()},
                              .best_layer = static_cast<int>(shape.layers) - 1,
                              .best_head = mean_of_heads};
  add_words(picture, attention, tokenizer);
  choose_opening(picture);
  return picture;
}

}  // namespace qkv::tools
