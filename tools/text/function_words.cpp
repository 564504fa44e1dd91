// SPDX-License-Identifier: Apache-2.0
#include "text/function_words.hpp"

#include <string>
#include <unordered_set>

namespace qkv::tools {
namespace {

using Words = std::unordered_set<std::string_view>;

const Words& pronouns() {
  static const Words words = {"it",  "its",  "itself",  "he",   "him",  "his",   "himself", "she",
                              "her", "hers", "herself", "they", "them", "their", "theirs",  "themselves"};
  return words;
}

const Words& other_function_words() {
  static const Words words = {
      "the",    "an",    "and",    "or",      "but",     "nor",    "so",      "yet",   "if",     "because", "although",
      "though", "while", "when",   "where",   "until",   "till",   "unless",  "since", "as",     "than",    "then",
      "that",   "this",  "these",  "those",   "who",     "whom",   "whose",   "which", "what",   "why",     "how",
      "me",     "my",    "mine",   "myself",  "we",      "us",     "our",     "ours",  "you",    "your",    "yours",
      "is",     "am",    "are",    "was",     "were",    "be",     "been",    "being", "do",     "does",    "did",
      "done",   "have",  "has",    "had",     "having",  "will",   "would",   "shall", "should", "can",     "could",
      "may",    "might", "must",   "not",     "no",      "of",     "in",      "on",    "at",     "by",      "for",
      "with",   "from",  "to",     "into",    "onto",    "out",    "off",     "over",  "under",  "up",      "down",
      "about",  "after", "before", "between", "through", "during", "against", "very",  "too",    "also",    "just",
      "there",  "here",  "all",    "any",     "each",    "every",  "some",    "such",  "only",   "own",     "same",
      "other",  "more",  "most",   "ll",      "ve",      "re",     "don",     "didn",  "doesn",  "isn",     "wasn"};
  return words;
}

}  // namespace

bool is_pronoun(std::string_view word) {
  return pronouns().contains(word);
}

bool is_function_word(std::string_view word) {
  const bool is_letter = word.size() == 1;
  return is_letter || is_pronoun(word) || other_function_words().contains(word);
}

}  // namespace qkv::tools
