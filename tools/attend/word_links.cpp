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

constexpr float clear_score = 0.5f;
constexpr float agreeing_score = 0.25f;

struct Question {
  std::size_t from;
  std::vector<std::size_t> candidates;
};

// What the heads say to a question, one after the other.
class Answer {
 public:
  explicit Answer(const Question& question) : question_(question), agreeing_(question.candidates.size()) {}

  void ask(const WordAttention& attention, std::size_t layer, std::size_t head, const DistanceSums& sums) {
    const std::size_t from = question_.from;
    for (std::size_t i = 0; i < agreeing_.size(); ++i) {
      const std::size_t to = question_.candidates[i];
      const float weight = attention.weight(layer, head, from, to);
      const float score = weight - sums.mean_of_others(from, to, weight);
      if (score >= agreeing_score) ++agreeing_[i];
      if (best_ && score <= best_->score) continue;
      best_ = {from, to, layer, head, weight, score, false};
      best_candidate_ = i;
    }
  }

  std::optional<WordLink> best() const {
    std::optional<WordLink> link = best_;
    if (link) link->is_clear = link->score >= clear_score && agreeing_[best_candidate_] >= 2;
    return link;
  }

 private:
  const Question& question_;
  std::vector<int> agreeing_;  // heads, per candidate
  std::optional<WordLink> best_;
  std::size_t best_candidate_ = 0;
};

// The best answer to each question; questions without one are left out.
std::vector<WordLink> answers(const WordAttention& attention, const std::vector<Question>& questions) {
  std::vector<Answer> all(questions.begin(), questions.end());
  for (std::size_t layer = 0; layer < attention.layers(); ++layer)
    for (std::size_t head = 0; head < attention.heads(); ++head) {
      const DistanceSums sums(attention, layer, head);
      for (Answer& answer : all) answer.ask(attention, layer, head, sums);
    }
  std::vector<WordLink> links;
  for (const Answer& answer : all)
    if (const auto link = answer.best()) links.push_back(*link);
  return links;
}

std::vector<Question> pronoun_questions(const std::vector<std::string>& words) {
  const std::vector<std::size_t> content = words_of_kind(words, WordKind::content);
  std::vector<Question> questions;
  for (const std::size_t pronoun : words_of_kind(words, WordKind::pronoun)) {
    questions.push_back({pronoun, {content.begin(), std::ranges::lower_bound(content, pronoun - 1)}});
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
