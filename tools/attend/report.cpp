// SPDX-License-Identifier: Apache-2.0
#include "attend/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "attend/cosine.hpp"
#include "attend/word_attention.hpp"
#include "attend/word_links.hpp"
#include "qkv/isa.h"
#include "qkv/version.h"
#include "text/columns.hpp"
#include "text/quote.hpp"

namespace qkv::tools {
namespace {

constexpr std::size_t targets_per_word = 4;
constexpr std::size_t widest_word = 24;     // columns; longer ones push their row to the right
constexpr std::size_t largest_matrix = 12;  // sentences; more are listed with their closest one

template <typename... Args>
void append(std::string& out, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
}

std::string map_name(const WordAttention& attention, std::size_t layer, std::optional<std::size_t> head) {
  return head ? fmt::format("layer {}, head {}", layer + 1, *head + 1)
              : fmt::format("layer {}, mean of {} heads", layer + 1, attention.heads());
}

// The words that a word gives most weight to, largest first, without itself and the special tokens.
std::string most_attended(const WordAttention& attention, const std::vector<std::string>& words, std::size_t from,
                          std::size_t layer, std::optional<std::size_t> head) {
  std::vector<std::pair<float, std::size_t>> targets;
  for (std::size_t to = 0; to < words.size(); ++to)
    if (to != from && word_kind(words[to]) != WordKind::special)
      targets.emplace_back(head ? attention.weight(layer, *head, from, to) : attention.mean_weight(layer, from, to),
                           to);
  const auto shown = targets.begin() + static_cast<std::ptrdiff_t>(std::min(targets.size(), targets_per_word));
  std::ranges::partial_sort(targets, shown, [](const auto& a, const auto& b) { return a.first > b.first; });
  std::string line;
  for (auto target = targets.begin(); target != shown; ++target)
    append(line, "{}{} {:.2f}", line.empty() ? "" : "  ", words[target->second], target->first);
  return line.empty() ? "has no other word to look at" : line;
}

std::string word_table(const WordAttention& attention, const std::vector<std::string>& words, std::size_t layer,
                       std::optional<std::size_t> head) {
  std::string out = fmt::format("  Each word and the words it looks at most ({})\n", map_name(attention, layer, head));
  std::size_t columns = 0;
  for (const std::string& word : words) columns = std::max(columns, std::min(column_count(word), widest_word));
  for (std::size_t from = 0; from < words.size(); ++from)
    if (word_kind(words[from]) != WordKind::special)
      append(out, "    {}  {}\n", padded(words[from], columns), most_attended(attention, words, from, layer, head));
  return out;
}

std::string pronoun_report(const WordAttention& attention, const std::vector<std::string>& words) {
  const std::vector<WordLink> links = pronoun_links(attention, words);
  std::string out;
  for (std::size_t from = 0; from < words.size(); ++from) {
    if (word_kind(words[from]) != WordKind::pronoun) continue;
    const auto link = std::ranges::find(links, from, &WordLink::from);
    if (link != links.end() && link->is_clear)
      append(out, "  \"{}\" means \"{}\": {:.2f} of its attention in layer {}, head {}, the clearest of {} heads\n",
             words[from], words[link->to], link->weight, link->layer + 1, link->head + 1,
             attention.layers() * attention.heads());
    else
      append(out, "  no head shows clearly which word \"{}\" means\n", words[from]);
  }
  return out;
}

std::string matrix_report(const std::vector<Sentence>& sentences) {
  std::string out = "Cosine between the texts\n     ";
  for (std::size_t column = 0; column < sentences.size(); ++column) append(out, "{:>7}", column + 1);
  for_each_cosine_row(sentences, [&](std::size_t row, std::span<const float> cosines) {
    append(out, "\n  {:>3}", row + 1);
    for (const float value : cosines) append(out, "{:7.3f}", value);
  });
  return out + "\n\n";
}

std::string closest_report(const std::vector<Sentence>& sentences) {
  std::string out = "Closest text to each, by cosine\n";
  for_each_cosine_row(sentences, [&](std::size_t row, std::span<const float> cosines) {
    std::size_t best = row == 0 ? 1 : 0;
    for (std::size_t other = 0; other < cosines.size(); ++other)
      if (other != row && cosines[other] > cosines[best]) best = other;
    append(out, "  {:>5}  {:>5} {:6.3f}\n", row + 1, best + 1, cosines[best]);
  });
  return out + "\n";
}

double percent(const LayerTime& time) {
  return time.seconds > 0 ? 100 * time.attention_seconds / time.seconds : 0;
}

}  // namespace

std::string model_report(const Model& model) {
  const EncoderShape& shape = model.encoder.shape();
  const int workers = model.encoder.worker_count();
  return fmt::format("qkv {} on {}, {} thread{}; model {}: {} layers, {} heads of {}\n\n", qkv_version(),
                     qkv_isa_active(), workers, workers == 1 ? "" : "s", model.name, shape.layers, shape.heads,
                     shape.head_dim());
}

std::string sentence_report(const Model& model, const Sentence& sentence, const MapChoice& choice) {
  const EncoderShape& shape = model.encoder.shape();
  const std::vector<std::string>& words = sentence.tokens.words;
  const WordAttention attention(sentence.tokens, sentence.encoded.attention_weights, shape.layers, shape.heads);
  const std::size_t layer = choice.layer.value_or(attention.layers() - 1);
  std::string out = fmt::format("{}  ({} tokens)\n", quote(sentence.text), sentence.tokens.ids.size());
  if (words.size() <= 2) return out + "  this text has no words, so no word looks at another\n\n";
  return out + pronoun_report(attention, words) + word_table(attention, words, layer, choice.head) + "\n";
}

std::string cosine_report(const std::vector<Sentence>& sentences) {
  if (sentences.size() < 2) return "";
  return sentences.size() <= largest_matrix ? matrix_report(sentences) : closest_report(sentences);
}

std::string times_report(const std::vector<Sentence>& sentences, const EncoderTimes& times) {
  std::size_t tokens = 0;
  for (const Sentence& sentence : sentences) tokens += sentence.tokens.ids.size();
  std::string out = fmt::format("{} tokens in {:.2f} ms on {}\n", tokens, 1e3 * times.seconds, qkv_isa_active());
  LayerTime all;
  for (std::size_t i = 0; i < times.layers.size(); ++i) {
    const LayerTime& layer = times.layers[i];
    append(out, "  layer {}  {:8.3f} ms, {:4.1f} % of it in attention\n", i + 1, 1e3 * layer.seconds, percent(layer));
    all.seconds += layer.seconds;
    all.attention_seconds += layer.attention_seconds;
  }
  append(out, "  layers   {:8.3f} ms, {:4.1f} % of it in attention\n", 1e3 * all.seconds, percent(all));
  return out;
}

}  // namespace qkv::tools
