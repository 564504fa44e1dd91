// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "attend/model_folder.hpp"
#include "attend/sentence.hpp"
#include "cli/output_file.hpp"

namespace qkv::tools {

// {"model", "isa", "sentences": [{"text", "tokens", "ids", "embedding"}], "cosine"}, piece by piece: the cosines of
// many texts do not fit in memory.
void write_sentences_json(const Model& model, const std::vector<Sentence>& sentences,
                          const std::function<void(std::string_view)>& write);

// {"model", "threads", "texts", "tokens", "seconds", "layers": [{"seconds", "attention_seconds"}]}
std::string times_json(const Model& model, const std::vector<Sentence>& sentences, const EncoderTimes& times);

// {"model", "isa", "layers", "heads", "sentences": [{"text", "tokens", "weights": [layer][head][query][key]}]},
// sentence by sentence, because the weights of many do not fit in memory.
class AttentionJson {
 public:
  AttentionJson(OutputFile& file, const Model& model);

  void add(const Sentence& sentence);
  void finish();

 private:
  OutputFile& file_;
  std::size_t layers_, heads_;
  std::size_t sentences_ = 0;
};

}  // namespace qkv::tools
