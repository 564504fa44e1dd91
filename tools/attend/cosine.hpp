// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "attend/sentence.hpp"

namespace qkv::tools {

// Hands on the cosines of the angles between one sentence's embedding and all, sentence by sentence: the whole matrix
// of many does not fit in memory. The embeddings must have length 1, or 0, whose cosine is 0.
void for_each_cosine_row(const std::vector<Sentence>& sentences,
                         const std::function<void(std::size_t row, std::span<const float> cosines)>& consume);

}  // namespace qkv::tools
