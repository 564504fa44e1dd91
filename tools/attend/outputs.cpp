// SPDX-License-Identifier: Apache-2.0
#include "attend/outputs.hpp"

#include <utility>

#include "cli/standard_output.hpp"

namespace qkv::tools {

Outputs::Outputs(const Options& options, const Model& model, const MapChoice& choice)
    : model_(model),
      choice_(choice),
      json_(options.json),
      html_(open("--html", options.html)),
      svg_(open("--svg", options.svg)),
      times_(open("--times", options.times)),
      attention_(open("--attention", options.attention)) {
  if (attention_ != nullptr) attention_json_.emplace(*attention_, model);
  if (!json_) write_standard_output(model_report(model));
}

OutputFile* Outputs::open(const char* option, const std::filesystem::path& path) {
  return path.empty() ? nullptr : &files_.emplace_back(option, path);
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
  if (json_)
    write_sentences_json(model_, sentences, write_standard_output);
  else
    write_standard_output(cosine_report(sentences) + times_report(sentences, times));
  for (OutputFile& file : files_) file.commit();
}

}  // namespace qkv::tools
