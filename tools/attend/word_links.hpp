// SPDX-License-Identifier: Apache-2.0
// Which word does a pronoun mean, and which head tells?
//
// For a pronoun the candidates are the content words before it, without its neighbour: that is the verb or the
// preposition it belongs to ("gave her", "like it"), which heads for grammar look at. A head's score for a candidate is
// the weight that the pronoun gives to it, less the mean weight that the other words of the text give to the word at
// the same distance from them:
//
//   score(head, pronoun p, candidate c) = w[p, c] - mean over q != p of w[q, q + c - p]
//
// The second term is what makes it an answer: a head that always looks at the previous word, or two words back, gives
// large weights and says nothing. The head and the candidate with the largest score are the answer. It is a clear one
// if the score is at least 0.5, so that most of the attention cannot be explained otherwise, and another head agrees
// with at least 0.25. Below that, answers in practice are verbs and adjectives as often as what is meant.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "attend/word_attention.hpp"

namespace qkv::tools {

struct WordLink {
  std::size_t from, to;     // words
  std::size_t layer, head;  // from 0
  float weight;             // that `from` gives to `to` there
  float score;
  bool is_clear;
};

enum class WordKind { special, punctuation, function, pronoun, content };

WordKind word_kind(const std::string& word);

// The best link of every pronoun that has a candidate, in the order of the text.
std::vector<WordLink> pronoun_links(const WordAttention& attention, const std::vector<std::string>& words);

// The link with the largest score of all: of a pronoun, or of any content word to another where there is no pronoun.
std::optional<WordLink> clearest_link(const WordAttention& attention, const std::vector<std::string>& words);

}  // namespace qkv::tools
