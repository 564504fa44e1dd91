// SPDX-License-Identifier: Apache-2.0
#include "model/padded_batch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace qkv::tools {

PaddedBatch::PaddedBatch(std::span<const std::vector<std::int64_t>> token_ids, std::int64_t max_length)
    : texts(static_cast<std::int64_t>(token_ids.size())) {
  for (const auto& text : token_ids) {
    counts.push_back(static_cast<std::int64_t>(text.size()));
    if (text.empty() || counts.back() > max_length)
      throw std::invalid_argument(fmt::format("a text of {} tokens: must be 1 to {}", text.size(), max_length));
    length = std::max(length, counts.back());
  }
  for (const auto& text : token_ids) {
    ids.insert(ids.end(), text.begin(), text.end());
    ids.resize(positions.size() + static_cast<std::size_t>(length), 0);
    for (std::int64_t position = 0; position < length; ++position) positions.push_back(position);
  }
}

}  // namespace qkv::tools
