// SPDX-License-Identifier: Apache-2.0
// A tiny generated encoder for machines without the real one: its checkpoint is made in memory and read like a file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/safetensors.hpp"

namespace qkv::tools {

// Letters, digits and punctuation, alone and inside words, and a few frequent words: Latin text never becomes [UNK].
std::vector<std::string> random_model_vocabulary();

// 4 layers, 4 heads of 32. The same seed gives the same model everywhere.
Safetensors random_model(std::uint64_t seed);

}  // namespace qkv::tools
