// SPDX-License-Identifier: Apache-2.0
#include "attend/pictures.hpp"

#include <algorithm>

#include "attend/word_attention.hpp"
#include "attend/word_links.hpp"

namespace qkv::tools {
namespace {

struct Opening {
  std::size_t from;  // word
  int layer, head;
};

// Where the clearest link is; in a text without one, or with a layer chosen, what the table shows.
Opening opening(const WordAttention& attention, const std::vector<std::string>& words, const MapChoice& choice) {
  const auto link = clearest_link(attention, words);
  const std::size_t from = link ? link->from : 0;
  if (link && !choice.layer) return {from, static_cast<int>(link->layer), static_cast<int>(link->head)};
  const std::size_t layer = choice.layer.value_or(attention.layers() - 1);
  return {from, static_cast<int>(layer), choice.head ? static_cast<int>(*choice.head) : mean_of_heads};
}

}  // namespace

AttentionPicture picture_of(const Model& model, const Sentence& sentence, const MapChoice& choice) {
  const EncoderShape& shape = model.encoder.shape();
  const TokenizedText& tokens = sentence.tokens;
  const WordAttention attention(tokens, sentence.encoded.attention_weights, shape.layers, shape.heads);
  const auto [from, layer, head] = opening(attention, tokens.words, choice);
  const auto from_token = std::ranges::find(tokens.word_of, from) - tokens.word_of.begin();
  return {.model = model.name,
          .text = sentence.text,
          .tokens = tokens.pieces,
          .words = tokens.words,
          .word_of = tokens.word_of,
          .layers = static_cast<int>(shape.layers),
          .heads = static_cast<int>(shape.heads),
          .weights = sentence.encoded.attention_weights,
          .best_layer = layer,
          .best_head = head,
          .from_token = static_cast<int>(from_token)};
}

}  // namespace qkv::tools
