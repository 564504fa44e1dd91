// SPDX-License-Identifier: Apache-2.0
// Sentences as the pictures of their attention.
#pragma once

#include <string>
#include <vector>

#include "attend/model_folder.hpp"
#include "attend/report.hpp"
#include "attend/sentence.hpp"
#include "picture/attention_picture.hpp"

namespace qkv::tools {

// The map it opens with is the one chosen, or the one in which the clearest link between two words shows.
AttentionPicture picture_of(const Model& model, const Sentence& sentence, const MapChoice& choice);

}  // namespace qkv::tools
