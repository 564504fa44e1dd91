// SPDX-License-Identifier: Apache-2.0
#include "attend/options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <map>
#include <utility>

#include "attend/model_folder.hpp"
#include "cli/model_options.hpp"
#include "cli/output_file.hpp"
#include "qkv/version.h"
#include "text/quote.hpp"

namespace qkv::tools {
namespace {

constexpr const char* description =
    "Shows which words of a text look at which, as the encoder all-MiniLM-L6-v2 sees them, computed by qkv.\n"
    "Each TEXT is one sentence. Without TEXT and --input, standard input is read, a text per line.";

constexpr const char* footer =
    "Layers and heads count from 1. Without --layer the table shows the last layer, without --head the mean of the\n"
    "layer's heads. For a pronoun the head is looked for that tells best which word it means: the one in which the\n"
    "pronoun looks most at one earlier content word, beyond what that head gives to the same distance elsewhere.\n"
    "Where that is less than half of its attention, or no second head agrees, no head shows it clearly.\n"
    "Put a TEXT that begins with - after --.";

void add_options(CLI::App& app, Options& options) {
  app.add_option("--input", options.input, "read texts from FILE: one per line, or in a .jsonl a JSON string per line")
      ->option_text("FILE");
  app.add_option("--model", options.model,
                 "folder with model.safetensors and vocab.txt; default $QKV_MODEL_DIR or models/all-MiniLM-L6-v2")
      ->option_text("DIR");
  app.add_flag("--random", options.random, "a tiny generated model instead: the same path without a download");
  app.add_option("--layer", options.layer, "layer to show")->option_text("L");
  app.add_option("--head", options.head, "head of that layer to show")->option_text("H");
  app.add_flag("--json", options.json, "print one JSON object: model, isa, sentences, cosine");
  app.add_option("--html", options.html, "write the attention of all texts as a picture to explore")
      ->option_text("FILE");
  app.add_option("--svg", options.svg, "write the attention of the first text as a still picture")->option_text("FILE");
  app.add_option("--attention", options.attention, "write all attention weights as JSON")->option_text("FILE");
  app.add_option("--times", options.times, "write the time of each layer as JSON")->option_text("FILE");
  app.add_option("--repeat", options.repeat,
                 "encode N times and show the fastest; default: up to 10 times, while it is quick")
      ->option_text("N")
      ->check(CLI::Range(1, 1000000));
  add_threads_option(app, options.threads);
  add_max_isa_option(app, options.max_isa);
  app.set_version_flag("--version", fmt::format("qkv-attend {}", qkv_version()));
}

void check_outputs_differ(const Options& options) {
  std::map<std::filesystem::path, std::string> written;
  const std::pair<const char*, std::filesystem::path> outputs[] = {
      {"--html", options.html}, {"--svg", options.svg}, {"--attention", options.attention}, {"--times", options.times}};
  for (const auto& [option, path] : outputs) {
    if (path.empty()) continue;
    std::error_code ignored;  // what is wrong with the path is told when it is opened
    const std::filesystem::path place = std::filesystem::weakly_canonical(std::filesystem::absolute(path), ignored);
    const auto [other, is_new] = written.emplace(place, option);
    if (!place.empty() && !is_new)
      throw UsageError(fmt::format("{} {}: {} writes to the same file", option, quote(path.string()), other->second));
  }
}

void check(const Options& options) {
  if (!options.texts.empty() && !options.input.empty())
    throw UsageError(fmt::format("--input {}: not together with a text ({})", quote(options.input.string()),
                                 quote(options.texts.front())));
  if (options.random && !options.model.empty())
    throw UsageError(fmt::format("--model {}: not together with --random", quote(options.model.string())));
  if (options.head && !options.layer) throw UsageError(fmt::format("--head {}: needs --layer", *options.head));
  check_threads(options.threads);
  check_outputs_differ(options);
}

}  // namespace

std::optional<Options> parse_options(int argument_count, const char* const* arguments) {
  Options options;
  CLI::App app(description, "qkv-attend [TEXT ...]");
  app.footer(footer);
  app.allow_extras();
  add_options(app, options);
  auto texts = parse_texts(app, argument_count, arguments);
  if (!texts) return std::nullopt;
  options.texts = std::move(*texts);
  check(options);
  if (!options.random && options.model.empty()) options.model = default_model_folder();
  return options;
}

}  // namespace qkv::tools
