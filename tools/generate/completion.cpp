// SPDX-License-Identifier: Apache-2.0
#include "generate/completion.hpp"

#include <algorithm>
#include <chrono>

#include "text/utf8_stream.hpp"

namespace qkv::tools {
namespace {

constexpr std::size_t top_logit_count = 20;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::int64_t longest_prompt(std::span<const Completion> completions) {
  std::int64_t longest = 0;
  for (const Completion& completion : completions)
    longest = std::max(longest, static_cast<std::int64_t>(completion.prompt_ids.size()));
  return longest;
}

// How many of the prompts fit side by side into the memory for keys and values, at least one.
std::size_t batch_size(const DecoderShape& shape, std::int64_t max_tokens, std::span<const Completion> completions) {
  constexpr double most_bytes = 2.0 * (1 << 30);
  const auto token_bytes = static_cast<double>(2 * shape.layers * shape.key_columns()) * sizeof(float);
  const auto capacity = static_cast<double>(longest_prompt(completions) + max_tokens);
  const auto fitting = static_cast<std::size_t>(most_bytes / (token_bytes * capacity));
  return std::clamp<std::size_t>(fitting, 1, completions.size());
}

class Generation {
 public:
  Generation(Decoder& decoder, const GgufTokenizer& tokenizer, const Sampling& sampling,
             std::span<Completion> completions, const TextConsumer& consume)
      : decoder_(decoder),
        tokenizer_(tokenizer),
        completions_(completions),
        consume_(consume),
        samplers_(completions.size(), Sampler(sampling)),
        streams_(completions.size()),
        next_(completions.size()) {}

  GenerationTimes run(const GenerationLimits& limits) {
    GenerationTimes times;
    auto start = std::chrono::steady_clock::now();
    read_prompts(limits, times);
    times.prompt_seconds = seconds_since(start);
    start = std::chrono::steady_clock::now();
    for (std::int64_t step = 1; step <= limits.max_tokens && !limits.interrupted(); ++step) {
      const std::int64_t taken = take_chosen();
      if (taken == 0 || step == limits.max_tokens) break;
      choose_next(decoder_.append({0, static_cast<std::int64_t>(completions_.size()), next_}));
      times.tokens += taken;  // the first of each came with its prompt
    }
    times.seconds = seconds_since(start);
    for (std::size_t i = 0; i < completions_.size(); ++i) show(i, streams_[i].finish());
    return times;
  }

 private:
  void read_prompts(const GenerationLimits& limits, GenerationTimes& times) {
    decoder_.start(static_cast<std::int64_t>(completions_.size()), longest_prompt(completions_) + limits.max_tokens);
    for (std::size_t i = 0; i < completions_.size() && !limits.interrupted(); ++i) {
      const std::span<const float> logits =
          decoder_.append({static_cast<std::int64_t>(i), 1, completions_[i].prompt_ids});
      decoder_.keep_attention_weights(false);  // of the first prompt only
      times.prompt_tokens += static_cast<std::int64_t>(completions_[i].prompt_ids.size());
      completions_[i].top_logits = top_candidates(logits, top_logit_count);
      next_[i] = samplers_[i].choose(logits);
    }
  }

  // The tokens chosen last become part of their completions, unless they end them. Completions that have ended go on as
  // rows of the batch that nobody looks at.
  std::int64_t take_chosen() {
    std::int64_t taken = 0;
    for (std::size_t i = 0; i < completions_.size(); ++i) {
      Completion& completion = completions_[i];
      completion.ended =
          completion.ended || std::ranges::find(tokenizer_.end_ids, next_[i]) != tokenizer_.end_ids.end();
      if (completion.ended) continue;
      completion.ids.push_back(next_[i]);
      show(i, streams_[i].add(tokenizer_.tokenizer.bytes(next_[i])));
      ++taken;
    }
    return taken;
  }

  void choose_next(std::span<const float> logits) {
    const auto vocabulary = static_cast<std::size_t>(decoder_.shape().vocabulary);
    for (std::size_t i = 0; i < completions_.size(); ++i)
      if (!completions_[i].ended) next_[i] = samplers_[i].choose(logits.subspan(i * vocabulary, vocabulary));
  }

  void show(std::size_t index, const std::string& text) {
    completions_[index].text += text;
    if (!text.empty()) consume_(completions_[index], text);
  }

  Decoder& decoder_;
  const GgufTokenizer& tokenizer_;
  std::span<Completion> completions_;
  const TextConsumer& consume_;
  std::vector<Sampler> samplers_;
  std::vector<Utf8Stream> streams_;
  std::vector<std::int64_t> next_;
};

}  // namespace

GenerationTimes complete(Decoder& decoder, const GgufTokenizer& tokenizer, const Sampling& sampling,
                         const GenerationLimits& limits, std::vector<Completion>& completions,
                         const TextConsumer& consume) {
  GenerationTimes sum;
  for (std::span<Completion> rest = completions; !rest.empty() && !limits.interrupted();) {
    const auto batch = rest.first(batch_size(decoder.shape(), limits.max_tokens, rest));
    const GenerationTimes times = Generation(decoder, tokenizer, sampling, batch, consume).run(limits);
    sum.prompt_seconds += times.prompt_seconds;
    sum.seconds += times.seconds;
    sum.prompt_tokens += times.prompt_tokens;
    sum.tokens += times.tokens;
    rest = rest.subspan(batch.size());
  }
  return sum;
}

}  // namespace qkv::tools
