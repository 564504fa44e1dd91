// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "generate/completion.hpp"

namespace qkv::tools {

// {"model", "isa", "completions": [{"prompt_ids", "ids", "text", "top_logits": [[id, value] ...]}],
//  "prompt_tokens_per_second", "tokens_per_second"}
std::string completions_json(const std::string& model, const std::vector<Completion>& completions,
                             const GenerationTimes& times);

}  // namespace qkv::tools
