// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "attend/sentence.hpp"

namespace qkv::tools {

// Cosine of the angle between two embeddings; 0 if one of them is zero.
float cosine(std::span<const float> a, std::span<const float> b);

// [sentence][sentence]
std::vector<std::vector<float>> cosine_matrix(const std::vector<Sentence>& sentences);

}  // namespace qkv::tools
