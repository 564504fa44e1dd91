// SPDX-License-Identifier: Apache-2.0
#include "generate/perplexity.hpp"

#include <algorithm>

namespace qkv::tools {
namespace {

constexpr std::size_t piece_tokens = 512;
constexpr std::size_t step_tokens = 64;  // whose logits are in memory at once

double surprise_of(std::span<const float> logits, std::int64_t id) {
  const auto greatest = static_cast<double>(*std::ranges::max_element(logits));
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - greatest);
  return std::log(sum) + greatest - static_cast<double>(logits[static_cast<std::size_t>(id)]);
}

void read_piece(Decoder& decoder, std::span<const std::int64_t> ids, Perplexity& result,
                const std::function<void(std::size_t)>& progress) {
  const auto vocabulary = static_cast<std::size_t>(decoder.shape().vocabulary);
  decoder.start(1, static_cast<std::int64_t>(ids.size()));
  for (std::size_t first = 0; first < ids.size(); first += step_tokens) {
    const auto step = ids.subspan(first, std::min(step_tokens, ids.size() - first));
    const std::span<const float> logits = decoder.append_each({0, 1, step});
    for (std::size_t i = 0; i < step.size() && first + i + 1 < ids.size(); ++i, ++result.tokens)
      result.surprise += surprise_of(logits.subspan(i * vocabulary, vocabulary), ids[first + i + 1]);
    progress(step.size());
  }
}

}  // namespace

Perplexity perplexity(Decoder& decoder, std::span<const std::int64_t> ids,
                      const std::function<void(std::size_t)>& progress) {
  Perplexity result;
  const auto context = static_cast<std::size_t>(decoder.shape().context);
  for (; !ids.empty(); ids = ids.subspan(std::min(std::min(piece_tokens, context), ids.size())))
    read_piece(decoder, ids.first(std::min(std::min(piece_tokens, context), ids.size())), result, progress);
  return result;
}

}  // namespace qkv::tools
