// SPDX-License-Identifier: Apache-2.0
#include "attend/outputs.hpp"

#include <utility>

namespace qkv::tools {

Outputs::Outputs(const Options& options, const Model& model, const MapChoice& choice)
    : model_(model),
      choice_(choice),
      json_(options.json),
      html_(open(options.html)),
      svg_(open(options.svg)),
      times_(open(options.times)),
      attention_(open(options.attention)) {
  if (attention_ != nullptr) attention_json_.emplace(*attention_, model);
  if (!json_) write_standard_output(model_report(model));
}

OutputFile* Outputs::open(const std::filesystem::path& path) {
  return path.empty() ? nullptr : &files_.emplace_back(path);
}

bool Outputs::need_attention_weights() const {
  return !json_ || html_ != nullptr || svg_ != nullptr || attention_ != nullptr;
}

void Outputs::add(const Sentence& sentence) {
  const bool is_first = sentence_count_++ == 0;
  if (!json_) write_standard_output(sentence_report(model_, sentence, choice_));
  if (attention_json_) attention_json_->add(sentence);
  if (html_ == nullptr && (svg_ == nullptr || !is_first)) return;
  AttentionPicture picture = picture_of(model_, sentence, choice_);
  if (svg_ != nullptr && is_first)
    svg_->write(attention_svg(picture, picture.best_layer, picture.best_head, picture.from_token));
  if (html_ != nullptr) pictures_.push_back(std::move(picture));
}

void Outputs::finish(const std::vector<Sentence>& sentences, const EncoderTimes& times) {
  if (html_ != nullptr) html_->write(attention_html(pictures_));
  if (times_ != nullptr) times_->write(times_json(model_, sentences, times));
  if (attention_json_) attention_json_->finish();
  for (OutputFile& file : files_) file.finish();
  write_standard_output(json_ ? sentences_json(model_, sentences)
                              : cosine_report(sentences) + times_report(sentences, times));
  for (OutputFile& file : files_) file.commit();
}

}  // namespace qkv::tools
