// SPDX-License-Identifier: Apache-2.0
// Attention between words, and which word a pronoun means.
#include "attend/word_links.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "attend/word_attention.hpp"

namespace {

using namespace qkv::tools;

const std::vector<std::string> words = {"[CLS]", "the", "pizza", "in", "the", "oven", ",", "it", "smells", "[SEP]"};

TokenizedText one_piece_per_word() {
  TokenizedText text;
  text.words = text.pieces = words;
  for (std::size_t i = 0; i < words.size(); ++i) {
    text.ids.push_back(0);
    text.word_of.push_back(i);
  }
  return text;
}

// Two heads. In head 0 every word looks at the word five before it (from "it", the pizza); in head 1 only "it" looks at
// one word, the oven.
std::vector<float> weights() {
  const std::size_t count = words.size();
  std::vector<float> weights(2 * count * count);
  for (std::size_t from = 0; from < count; ++from) {
    weights[from * count + (from + count - 5) % count] = 1;
    weights[(count + from) * count] = 1;
  }
  weights[(count + 7) * count] = 0.5F;
  weights[(count + 7) * count + 5] = 0.5F;
  return weights;
}

}  // namespace

TEST_CASE("word links: a head that looks at one distance everywhere does not answer") {
  const WordAttention attention(one_piece_per_word(), weights(), 1, 2);
  CHECK(attention.weight(0, 0, 7, 2) == 1);
  const auto links = pronoun_links(attention, words);
  REQUIRE(links.size() == 1);
  CHECK(links[0].from == 7);
  CHECK(links[0].to == 5);
  CHECK(links[0].head == 1);
  CHECK(links[0].weight == 0.5F);
  const auto clearest = clearest_link(attention, words);
  REQUIRE(clearest);
  CHECK(clearest->to == 5);
}

// "it" gives 0.2 to "oven", 0.3 to the word next to it and 0.5 to the word after it.
TEST_CASE("word links: only words in front of the pronoun are meant, without its neighbour") {
  TokenizedText text;
  text.word_of = {0, 1, 2, 3, 4, 5};
  text.ids.resize(6);
  text.words = {"[CLS]", "oven", "smells", "it", "pizza", "[SEP]"};
  std::vector<float> weights(36);
  weights[3 * 6 + 1] = 0.2F;
  weights[3 * 6 + 2] = 0.3F;
  weights[3 * 6 + 4] = 0.5F;
  const WordAttention attention(text, weights, 1, 1);
  const auto target = [&] {
    const auto links = pronoun_links(attention, text.words);
    REQUIRE(links.size() == 1);
    return text.words[links[0].to];
  };
  CHECK(target() == "oven");
  for (const auto& texts : std::vector<std::vector<std::string>>{{"[CLS]", "the", ",", "it", "pizza", "[SEP]"},
                                                                 {"[CLS]", ",", "oven", "it", "pizza", "[SEP]"},
                                                                 {"[CLS]", "the", "and", "it", "and", "[SEP]"}})
    CHECK(pronoun_links(attention, texts).empty());
}

TEST_CASE("word links: an answer is clear if its score is at least 0.5 and a second head agrees by 0.25") {
  const auto is_clear = [](float first, float second) {
    const std::size_t count = words.size();
    std::vector<float> heads(2 * count * count);
    heads[7 * count + 2] = first;
    heads[(count + 7) * count + 2] = second;
    const auto links = pronoun_links(WordAttention(one_piece_per_word(), heads, 1, 2), words);
    REQUIRE(links.size() == 1);
    CHECK(words[links[0].to] == "pizza");
    return links[0].is_clear;
  };
  CHECK(is_clear(0.5F, 0.25F));
  CHECK(is_clear(0.25F, 0.7F));
  CHECK_FALSE(is_clear(0.49F, 0.49F));
  CHECK_FALSE(is_clear(0.9F, 0.24F));
}

TEST_CASE("word attention: pieces of a word look by their mean, are looked at by their sum") {
  TokenizedText text;
  text.words = {"a", "b"};
  text.word_of = {0, 1, 1};
  text.ids = {0, 0, 0};
  const std::vector<float> weights = {0.5F, 0.25F, 0.25F, 1, 0, 0, 0, 0.5F, 0.5F};
  const WordAttention attention(text, weights, 1, 1);
  CHECK(attention.weight(0, 0, 0, 1) == 0.5F);
  CHECK(attention.weight(0, 0, 1, 0) == 0.5F);
  CHECK(attention.weight(0, 0, 1, 1) == 0.5F);
  CHECK(attention.mean_weight(0, 1, 1) == 0.5F);
}

TEST_CASE("word kinds") {
  CHECK(word_kind("[CLS]") == WordKind::special);
  CHECK(word_kind("it") == WordKind::pronoun);
  CHECK(word_kind("the") == WordKind::function);
  CHECK(word_kind(",") == WordKind::punctuation);
  CHECK(word_kind("pizza") == WordKind::content);
}
