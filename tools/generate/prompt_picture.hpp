// SPDX-License-Identifier: Apache-2.0
// A prompt as the picture of its causal attention.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/decoder_shape.hpp"
#include "picture/attention_picture.hpp"
#include "text/byte_pair_tokenizer.hpp"

namespace qkv::tools {

struct PromptAttention {
  std::string model;
  std::span<const std::int64_t> ids;
  std::span<const float> weights;  // [layer][head][query][key]
};

// Tokens that begin with a space begin a word. The map it opens with is the one in which a word looks most at one
// earlier word, its neighbour and the first word aside, on which heads rest that look for nothing.
AttentionPicture prompt_picture(const PromptAttention& attention, const BytePairTokenizer& tokenizer,
                                const DecoderShape& shape);

}  // namespace qkv::tools
