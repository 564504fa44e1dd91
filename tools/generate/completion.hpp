// SPDX-License-Identifier: Apache-2.0
// Prompts and what a decoder makes of them, all at once.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "generate/sampler.hpp"
#include "model/decoder.hpp"
#include "model/gguf_tokenizer.hpp"

namespace qkv::tools {

struct Completion {
  std::vector<std::int64_t> prompt_ids = {}, ids = {};  // ids: without the token that ended it
  std::vector<Candidate> top_logits = {};               // after the prompt
  std::string text = {};
  bool ended = false;  // by a token that means the end
};

struct GenerationTimes {
  double prompt_seconds = 0, seconds = 0;
  std::int64_t prompt_tokens = 0, tokens = 0;  // that went through the decoder in those seconds

  double prompt_rate() const { return prompt_seconds > 0 ? static_cast<double>(prompt_tokens) / prompt_seconds : 0; }
  double rate() const { return seconds > 0 ? static_cast<double>(tokens) / seconds : 0; }
};

struct GenerationLimits {
  std::int64_t max_tokens;
  std::function<bool()> interrupted;  // asked before every step
};

// Called with a completion that has got this text at its end.
using TextConsumer = std::function<void(const Completion&, std::string_view)>;

// Fills in what follows prompt_ids, prompts side by side as far as memory allows. Every prompt has a token at least,
// and room for max_tokens in the model's context.
GenerationTimes complete(Decoder& decoder, const GgufTokenizer& tokenizer, const Sampling& sampling,
                         const GenerationLimits& limits, std::vector<Completion>& completions,
                         const TextConsumer& consume);

}  // namespace qkv::tools
