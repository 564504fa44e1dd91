// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "model/encoder.hpp"
#include "text/tokenizer.hpp"

namespace qkv::tools {

struct Sentence {
  std::string text;
  TokenizedText tokens;
  EncodedText encoded;
};

}  // namespace qkv::tools
