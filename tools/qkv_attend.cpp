// SPDX-License-Identifier: Apache-2.0
// qkv-attend: which word of a sentence looks at which, in a real encoder that runs on qkv.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <optional>

#include "attend/encode_texts.hpp"
#include "attend/options.hpp"
#include "attend/outputs.hpp"
#include "attend/read_texts.hpp"
#include "cli/arguments.hpp"
#include "cli/model_options.hpp"
#include "cli/progress.hpp"
#include "cli/standard_output.hpp"
#include "text/quote.hpp"

namespace {

using namespace qkv::tools;

constexpr std::size_t max_picture_bytes = std::size_t{256} * 1024 * 1024;

std::vector<std::string> texts_from(const Options& options) {
  if (!options.texts.empty()) {
    require_utf8(options.texts, "text");
    return options.texts;
  }
  std::vector<std::string> texts;
  if (options.input.empty()) {
    if (isatty(STDIN_FILENO) != 0) write_standard_error("qkv-attend: type texts, one per line; end with Ctrl-D\n");
    texts = read_text_lines(std::cin, "standard input");
  } else {
    texts = read_text_file(options.input);
  }
  if (texts.empty())
    throw UsageError(options.input.empty() ? "standard input: holds no text"
                                           : fmt::format("--input {}: holds no text", quote(options.input.string())));
  return texts;
}

std::optional<std::size_t> index_from(const char* option, std::optional<std::int64_t> number, std::int64_t count) {
  if (!number) return std::nullopt;
  if (*number < 1 || *number > count)
    throw UsageError(fmt::format("--{} {}: the model has {}s 1 to {}", option, *number, option, count));
  return static_cast<std::size_t>(*number - 1);
}

void note_truncated(const std::vector<Sentence>& sentences) {
  for (std::size_t i = 0; i < sentences.size(); ++i) {
    const auto kept = static_cast<std::int64_t>(sentences[i].tokens.ids.size());
    if (kept < sentences[i].tokens.full_token_count)
      write_standard_error(fmt::format("qkv-attend: text {} has {} tokens; the first {} and [SEP] are used\n", i + 1,
                                       sentences[i].tokens.full_token_count, kept - 1));
  }
}

void check_picture_size(const Options& options, const Model& model, const std::vector<Sentence>& sentences) {
  if (options.html.empty()) return;
  std::size_t bytes = 0;
  for (const Sentence& sentence : sentences) bytes += attention_bytes(sentence, model.encoder.shape());
  if (bytes > max_picture_bytes)
    throw UsageError(
        fmt::format("--html {}: the attention of these texts takes {} MB, more than {}; give fewer or shorter",
                    quote(options.html.string()), bytes >> 20, max_picture_bytes >> 20));
}

void run(const Options& options) {
  choose_isa(options.max_isa);
  const std::vector<std::string> texts = texts_from(options);
  Model model = options.random ? generate_model(options.threads) : load_model(options.model, options.threads);
  const MapChoice choice = {index_from("layer", options.layer, model.encoder.shape().layers),
                            index_from("head", options.head, model.encoder.shape().heads)};
  std::vector<Sentence> sentences = tokenize_texts(model, texts);
  note_truncated(sentences);
  check_picture_size(options, model, sentences);
  Outputs outputs(options, model, choice);
  Progress progress("qkv-attend: encoded", sentences.size(), options.json || isatty(STDOUT_FILENO) == 0);
  const EncodeOptions encode = {outputs.need_attention_weights(), options.repeat,
                                [&](std::size_t count) { progress.add(count); }};
  const EncoderTimes times =
      encode_sentences(model, sentences, encode, [&](const Sentence& sentence) { outputs.add(sentence); });
  outputs.finish(sentences, times);
}

}  // namespace

int main(int argument_count, char** arguments) {
  return exit_code_of("qkv-attend", [&] {
    if (const auto options = parse_options(argument_count, arguments)) run(*options);
  });
}
