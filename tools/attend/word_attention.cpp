// SPDX-License-Identifier: Apache-2.0
#include "attend/word_attention.hpp"

namespace qkv::tools {

WordAttention::WordAttention(const TokenizedText& text, std::span<const float> weights, std::int64_t layers,
                             std::int64_t heads)
    : layers_(static_cast<std::size_t>(layers)),
      heads_(static_cast<std::size_t>(heads)),
      words_(text.words.size()),
      weights_(layers_ * heads_ * words_ * words_) {
  const std::size_t tokens = text.ids.size();
  std::vector<float> pieces(words_);
  for (const std::size_t word : text.word_of) pieces[word] += 1;
  const float* source = weights.data();
  for (std::size_t map = 0; map < layers_ * heads_; ++map)
    for (std::size_t query = 0; query < tokens; ++query) {
      const std::size_t from = text.word_of[query];
      float* row = weights_.data() + (map * words_ + from) * words_;
      for (std::size_t key = 0; key < tokens; ++key) row[text.word_of[key]] += *source++ / pieces[from];
    }
}

float WordAttention::mean_weight(std::size_t layer, std::size_t from, std::size_t to) const {
  float sum = 0;
  for (std::size_t head = 0; head < heads_; ++head) sum += weight(layer, head, from, to);
  return sum / static_cast<float>(heads_);
}

}  // namespace qkv::tools
