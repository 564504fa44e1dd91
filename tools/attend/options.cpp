// SPDX-License-Identifier: Apache-2.0
#include "attend/options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
#include <set>
#include <span>
#include <string_view>

#include "attend/model_folder.hpp"
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
  app.add_option("--threads", options.threads, "threads; default: one per core")
      ->option_text("N")
      ->check(CLI::Range(1, 1024));
  app.add_option("--max-isa", options.max_isa, "the best instruction set to use, for example avx2")
      ->option_text("NAME");
  app.set_version_flag("--version", fmt::format("qkv-attend {}", qkv_version()));
}

// CLI11 would take a text like "[MASK], [SEP]" for a list and split it, so texts are what its options leave over.
std::vector<std::string> remaining_texts(const CLI::App& app) {
  std::vector<std::string> texts = app.remaining();
  for (const std::string& text : texts)
    if (text.size() > 1 && text.front() == '-') throw UsageError(quote(text) + ": no such option; see --help");
  return texts;
}

void check(const Options& options) {
  if (!options.texts.empty() && !options.input.empty())
    throw UsageError(fmt::format("--input {}: not together with a text ({})", quote(options.input.string()),
                                 quote(options.texts.front())));
  if (options.random && !options.model.empty())
    throw UsageError(fmt::format("--model {}: not together with --random", quote(options.model.string())));
  if (options.head && !options.layer) throw UsageError(fmt::format("--head {}: needs --layer", *options.head));
  std::set<std::filesystem::path> written;
  for (const auto& path : {options.html, options.svg, options.attention, options.times})
    if (!path.empty() && !written.insert(std::filesystem::weakly_canonical(path)).second)
      throw UsageError(fmt::format("{}: two outputs to one file", quote(path.string())));
}

std::string one_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  return text;
}

}  // namespace

std::optional<Options> parse_options(int argument_count, const char* const* arguments) {
  Options options;
  CLI::App app(description, "qkv-attend [TEXT ...]");
  app.footer(footer);
  app.allow_extras();
  add_options(app, options);
  const std::span all(arguments, static_cast<std::size_t>(argument_count));
  const auto dashes = std::ranges::find(all, std::string_view("--"));
  try {
    app.parse(static_cast<int>(dashes - all.begin()), arguments);
  } catch (const CLI::CallForHelp&) {
    write_standard_output(app.help());
    return std::nullopt;
  } catch (const CLI::CallForVersion& version) {
    write_standard_output(fmt::format("{}\n", version.what()));
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    throw UsageError(one_line(error.what()));
  }
  options.texts = remaining_texts(app);
  if (dashes != all.end()) options.texts.insert(options.texts.end(), std::next(dashes), all.end());
  check(options);
  if (!options.random && options.model.empty()) options.model = default_model_folder();
  return options;
}

}  // namespace qkv::tools
