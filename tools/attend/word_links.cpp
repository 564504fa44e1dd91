// SPDX-License-Identifier: Apache-2.0
#include "attend/word_links.hpp"

#include <algorithm>

#include "text/code_points.hpp"
#include "text/function_words.hpp"
#include "text/special_tokens.hpp"
#include "text/utf8.hpp"

namespace qkv::tools {
namespace {

// Sums of one head's weights over all pairs of words at the same distance, [CLS] and [SEP] at the ends left out.
class DistanceSums {
 public:
  DistanceSums(const WordAttention& attention, std::size_t layer, std::size_t head)
      : words_(attention.words()), sums_(2 * words_) {
    for (std::size_t from = 1; from + 1 < words_; ++from)
      for (std::size_t to = 1; to + 1 < words_; ++to) sums_[index(from, to)] += attention.weight(layer, head, from, to);
  }

  // Mean over the other pairs at the distance of this pair, which has this weight.
  float mean_of_others(std::size_t from, std::size_t to, float weight) const {
    const std::size_t distance = from > to ? from - to : to - from;
    const std::size_t others = words_ - 2 - distance - 1;
    return others == 0 ? 0 : (sums_[index(from, to)] - weight) / static_cast<float>(others);
  }

 private:
  std::size_t index(std::size_t from, std::size_t to) const { return words_ + to - from; }

  std::size_t words_;
  std::vector<float> sums_;
};

std::vector<std::size_t> words_of_kind(const std::vector<std::string>& words, WordKind kind) {
  std::vector<std::size_t> found;
  for (std::size_t i = 1; i + 1 < words.size(); ++i)
    if (word_kind(words[i]) == kind) found.push_back(i);
  return found;
}

struct Question {
  std::size_t from;
  std::vector<std::size_t> candidates;
};

// The best answer to each question; questions without one are left out.
std::vector<WordLink> answers(const WordAttention& attention, const std::vector<Question>& questions) {
  std::vector<std::optional<WordLink>> best(questions.size());
  for (std::size_t layer = 0; layer < attention.layers(); ++layer)
    for (std::size_t head = 0; head < attention.heads(); ++head) {
      const DistanceSums sums(attention, layer, head);
      for (std::size_t i = 0; i < questions.size(); ++i)
        for (const std::size_t to : questions[i].candidates) {
          const std::size_t from = questions[i].from;
          const float weight = attention.weight(layer, head, from, to);
          const float score = weight - sums.mean_of_others(from, to, weight);
          if (!best[i] || score > best[i]->score) best[i] = {from, to, layer, head, weight, score};
        }
    }
  std::vector<WordLink> links;
  for (const auto& link : best)
    if (link) links.push_back(*link);
  return links;
}

std::vector<Question> pronoun_questions(const std::vector<std::string>& words) {
  const std::vector<std::size_t> content = words_of_kind(words, WordKind::content);
  std::vector<Question> questions;
  for (const std::size_t pronoun : words_of_kind(words, WordKind::pronoun)) {
    const auto before = std::ranges::lower_bound(content, pronoun);
    const auto end = before == content.begin() ? content.end() : before;
    questions.push_back({pronoun, {content.begin(), end}});
  }
  return questions;
}

std::vector<Question> content_questions(const std::vector<std::string>& words) {
  const std::vector<std::size_t> content = words_of_kind(words, WordKind::content);
  std::vector<Question> questions;
  for (const std::size_t from : content) {
    questions.push_back({from, content});
    std::erase(questions.back().candidates, from);
  }
  return questions;
}

}  // namespace

WordKind word_kind(const std::string& word) {
  if (std::ranges::find(special_tokens, word) != special_tokens.end()) return WordKind::special;
  if (is_pronoun(word)) return WordKind::pronoun;
  const std::u32string text = from_utf8(word);
  if (text.size() == 1 && code_point_kind(text[0]) == CodePointKind::punctuation) return WordKind::punctuation;
  return is_function_word(word) ? WordKind::function : WordKind::content;
}

std::vector<WordLink> pronoun_links(const WordAttention& attention, const std::vector<std::string>& words) {
  return answers(attention, pronoun_questions(words));
}

std::optional<WordLink> clearest_link(const WordAttention& attention, const std::vector<std::string>& words) {
  std::vector<WordLink> links = pronoun_links(attention, words);
  if (links.empty()) links = answers(attention, content_questions(words));
  const auto best = std::ranges::max_element(links, {}, &WordLink::score);
  return best == links.end() ? std::nullopt : std::optional(*best);
}

}  // namespace qkv::tools
