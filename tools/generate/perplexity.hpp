// SPDX-License-Identifier: Apache-2.0
// exp(mean of -log p(token | tokens before it)) over a text, in pieces that know nothing of each other.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <span>

#include "model/decoder.hpp"

namespace qkv::tools {

struct Perplexity {
  double surprise = 0;      // the sum of -log p
  std::int64_t tokens = 0;  // that were predicted: all but the first of each piece

  double value() const { return std::exp(surprise / static_cast<double>(tokens)); }
};

// `progress` is called with numbers of tokens that were read. Forgets what the decoder knew.
Perplexity perplexity(Decoder& decoder, std::span<const std::int64_t> ids,
                      const std::function<void(std::size_t)>& progress);

}  // namespace qkv::tools
