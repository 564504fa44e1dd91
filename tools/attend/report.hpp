// SPDX-License-Identifier: Apache-2.0
// What qkv-attend prints for people.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "attend/model_folder.hpp"
#include "attend/sentence.hpp"

namespace qkv::tools {

// Which attention map a table shows, from 0: by default the last layer, and the mean of a layer's heads.
struct MapChoice {
  std::optional<std::size_t> layer, head;
};

std::string model_report(const Model& model);

// For every word the words it looks at most, and for every pronoun the word it means.
std::string sentence_report(const Model& model, const Sentence& sentence, const MapChoice& choice);

// Nothing for one sentence, a matrix for some, the closest pairs for many.
std::string cosine_report(const std::vector<Sentence>& sentences);

std::string times_report(const std::vector<Sentence>& sentences, const EncoderTimes& times);

}  // namespace qkv::tools
