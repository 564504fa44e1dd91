// SPDX-License-Identifier: Apache-2.0
// Everything that a run of qkv-attend writes. Files are opened before the work, so that a path that cannot be written
// is known early, and appear together after it, so that a run that fails leaves them as they were.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "attend/json_output.hpp"
#include "attend/options.hpp"
#include "attend/pictures.hpp"
#include "attend/report.hpp"
#include "cli/output_file.hpp"

namespace qkv::tools {

class Outputs {
 public:
  Outputs(const Options& options, const Model& model, const MapChoice& choice);

  bool need_attention_weights() const;

  // Sentences in the order of the texts, each with its attention weights if they are needed.
  void add(const Sentence& sentence);

  void finish(const std::vector<Sentence>& sentences, const EncoderTimes& times);

 private:
  OutputFile* open(const char* option, const std::filesystem::path& path);

  const Model& model_;
  MapChoice choice_;
  bool json_;
  std::deque<OutputFile> files_;
  OutputFile *html_, *svg_, *times_, *attention_;  // of files_, or nullptr
  std::optional<AttentionJson> attention_json_;
  std::vector<AttentionPicture> pictures_;
  std::size_t sentence_count_ = 0;
};

}  // namespace qkv::tools
