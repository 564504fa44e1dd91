// SPDX-License-Identifier: Apache-2.0
#include "attend/pictures.hpp"

#include <algorithm>

#include "attend/word_attention.hpp"
#include "attend/word_links.hpp"

namespace qkv::tools {
namespace {

// Where the clearest link is, or the last layer's first head in a text without one.
WordLink shown_link(const WordAttention& attention, const std::vector<std::string>& words, const MapChoice& choice) {
  const WordLink none = {0, 0, attention.layers() - 1, 0, 0, 0};
  WordLink link = clearest_link(attention, words).value_or(none);
  if (choice.layer) link.layer = *choice.layer, link.head = choice.head.value_or(0);
  return link;
}

}  // namespace

SentencePicture picture_of(const Model& model, const Sentence& sentence, const MapChoice& choice) {
  const EncoderShape& shape = model.encoder.shape();
  const TokenizedText& tokens = sentence.tokens;
  const WordAttention attention(tokens, sentence.encoded.attention_weights, shape.layers, shape.heads);
  const WordLink link = shown_link(attention, tokens.words, choice);
  const auto first_token = std::ranges::find(tokens.word_of, link.from) - tokens.word_of.begin();
  return {{.model = model.name,
           .text = sentence.text,
           .tokens = tokens.pieces,
           .layers = static_cast<int>(shape.layers),
           .heads = static_cast<int>(shape.heads),
           .weights = sentence.encoded.attention_weights,
           .best_layer = static_cast<int>(link.layer),
           .best_head = static_cast<int>(link.head)},
          static_cast<int>(first_token)};
}

}  // namespace qkv::tools
