// SPDX-License-Identifier: Apache-2.0
// The words of a picture, and the attention between them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "picture/attention_picture.hpp"

namespace qkv::tools {

struct PictureWord {
  std::string label;
  std::size_t first_token, token_count;
};

// Without [CLS], [SEP] and [PAD] unless there is nothing else.
std::vector<PictureWord> picture_words(const AttentionPicture& picture);

// What `from` gives to each of the words: the mean over its pieces of the sum over theirs. Less than 1 in all, if part
// goes to tokens that are no words.
std::vector<float> word_weights(const AttentionPicture& picture, const std::vector<PictureWord>& words, int layer,
                                int head, const PictureWord& from);

// A share as people read it: "70%", and "<1%" for one that rounds to 0.
std::string percent(float weight);

}  // namespace qkv::tools
