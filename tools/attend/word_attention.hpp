// SPDX-License-Identifier: Apache-2.0
// Attention between words, from attention between word pieces: a word is looked at by the sum over its pieces, and
// looks by their mean, so that the weights a word gives still sum to 1.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "text/tokenizer.hpp"

namespace qkv::tools {

class WordAttention {
 public:
  // weights: [layer][head][query token][key token]
  WordAttention(const TokenizedText& text, std::span<const float> weights, std::int64_t layers, std::int64_t heads);

  std::size_t layers() const { return layers_; }
  std::size_t heads() const { return heads_; }
  std::size_t words() const { return words_; }

  float weight(std::size_t layer, std::size_t head, std::size_t from, std::size_t to) const {
    return weights_[((layer * heads_ + head) * words_ + from) * words_ + to];
  }

  // Mean over the heads of a layer.
  float mean_weight(std::size_t layer, std::size_t from, std::size_t to) const;

 private:
  std::size_t layers_, heads_, words_;
  std::vector<float> weights_;
};

}  // namespace qkv::tools
