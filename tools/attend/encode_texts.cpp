// SPDX-License-Identifier: Apache-2.0
#include "attend/encode_texts.hpp"

#include <algorithm>
#include <numeric>
#include <span>
#include <utility>

namespace qkv::tools {
namespace {

constexpr std::size_t max_batch_tokens = 2048;                            // activations stay within a few megabytes
constexpr std::size_t max_window_bytes = std::size_t{256} * 1024 * 1024;  // of attention weights

// A single short run would show what it costs to touch memory for the first time.
bool is_enough(const EncodeOptions& options, int repetitions, double seconds) {
  constexpr int most = 10;
  constexpr double quick = 0.05;
  return options.repetitions > 0 ? repetitions >= options.repetitions : repetitions >= most || seconds >= quick;
}

void add(EncoderTimes& sum, const EncoderTimes& times) {
  sum.seconds += times.seconds;
  sum.layers.resize(times.layers.size());
  for (std::size_t i = 0; i < times.layers.size(); ++i) {
    sum.layers[i].seconds += times.layers[i].seconds;
    sum.layers[i].attention_seconds += times.layers[i].attention_seconds;
  }
}

// Sentences that are encoded before any of them is handed on.
std::size_t window_size(std::span<const Sentence> sentences, const EncoderShape& shape) {
  std::size_t bytes = 0, count = 0;
  while (count < sentences.size() && (bytes += attention_bytes(sentences[count], shape)) <= max_window_bytes) ++count;
  return std::max<std::size_t>(count, 1);
}

EncoderTimes encode_batch(Encoder& encoder, std::span<Sentence> sentences, const std::vector<std::size_t>& batch,
                          const EncodeOptions& options) {
  std::vector<std::vector<std::int64_t>> ids;
  ids.reserve(batch.size());
  for (const std::size_t i : batch) ids.push_back(sentences[i].tokens.ids);
  EncoderTimes fastest;
  double seconds = 0;
  int repetitions = 0;
  do {
    encoder.clear_times();
    auto results = encoder.encode(ids, options.with_attention_weights);
    seconds += encoder.times().seconds;
    if (repetitions++ == 0 || encoder.times().seconds < fastest.seconds) fastest = encoder.times();
    for (std::size_t i = 0; i < batch.size(); ++i) sentences[batch[i]].encoded = std::move(results[i]);
  } while (!is_enough(options, repetitions, seconds));
  return fastest;
}

EncoderTimes encode_window(Encoder& encoder, std::span<Sentence> sentences, const EncodeOptions& options) {
  std::vector<std::size_t> token_counts;
  for (const Sentence& sentence : sentences) token_counts.push_back(sentence.tokens.ids.size());
  EncoderTimes sum;
  for (const auto& batch : batches(token_counts, max_batch_tokens)) {
    add(sum, encode_batch(encoder, sentences, batch, options));
    options.note_encoded(batch.size());
  }
  return sum;
}

}  // namespace

std::vector<std::vector<std::size_t>> batches(const std::vector<std::size_t>& token_counts, std::size_t max_tokens) {
  std::vector<std::size_t> order(token_counts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater{}, [&](std::size_t i) { return token_counts[i]; });
  std::vector<std::vector<std::size_t>> result;
  for (const std::size_t i : order) {
    const bool fits = !result.empty() && token_counts[result.back()[0]] * (result.back().size() + 1) <= max_tokens;
    if (!fits) result.emplace_back();
    result.back().push_back(i);
  }
  return result;
}

std::vector<Sentence> tokenize_texts(const Model& model, const std::vector<std::string>& texts) {
  std::vector<Sentence> sentences;
  sentences.reserve(texts.size());
  for (const std::string& text : texts)
    sentences.push_back({text, model.tokenizer.tokenize(text, model.encoder.shape().positions), {}});
  return sentences;
}

std::size_t attention_bytes(const Sentence& sentence, const EncoderShape& shape) {
  const std::size_t tokens = sentence.tokens.ids.size();
  return static_cast<std::size_t>(shape.layers * shape.heads) * tokens * tokens * sizeof(float);
}

EncoderTimes encode_sentences(Model& model, std::vector<Sentence>& sentences, const EncodeOptions& options,
                              const std::function<void(Sentence&)>& consume) {
  EncoderTimes sum;
  std::span<Sentence> rest = sentences;
  while (!rest.empty()) {
    const std::size_t count = options.with_attention_weights ? window_size(rest, model.encoder.shape()) : rest.size();
    const auto window = rest.first(count);
    add(sum, encode_window(model.encoder, window, options));
    for (Sentence& sentence : window) {
      consume(sentence);
      sentence.encoded.attention_weights = {};
    }
    rest = rest.subspan(count);
  }
  return sum;
}

}  // namespace qkv::tools
