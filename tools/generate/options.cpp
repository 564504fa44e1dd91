// SPDX-License-Identifier: Apache-2.0
#include "generate/options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <utility>

#include "cli/model_options.hpp"
#include "qkv/version.h"
#include "text/quote.hpp"

namespace qkv::tools {
namespace {

constexpr const char* description =
    "Continues a text with SmolLM2-135M-Instruct, or another GGUF model of architecture llama or qwen2 with SmolLM's\n"
    "tokeniser, computed by qkv.\n"
    "Each PROMPT is one text; several are continued as one batch. Without PROMPT and --input, standard input is read,\n"
    "a prompt per line.";

constexpr const char* footer = "Put a PROMPT that begins with - after --. Ctrl-C stops; what is there by then is kept.";

constexpr const char* default_model = "models/SmolLM2-135M-Instruct/SmolLM2-135M-Instruct.Q4_1.gguf";

void add_sampling(CLI::App& app, Sampling& sampling) {
  app.add_option("--temperature", sampling.temperature,
                 "0: always the likeliest token (the default); 1: as the model has it")
      ->option_text("T");
  app.add_option("--top-k", sampling.top_k, "choose among the K likeliest tokens; 0: all (the default)")
      ->option_text("K")
      ->check(CLI::Range(0, 1 << 30));
  app.add_option("--top-p", sampling.top_p, "and of those among the fewest with probability P together; default: 1")
      ->option_text("P");
  app.add_option("--seed", sampling.seed, "of the choice where temperature is not 0; default: 1")
      ->option_text("N")
      ->check(CLI::Range(std::int64_t{0}, std::numeric_limits<std::int64_t>::max()));
}

void add_options(CLI::App& app, GenerateOptions& options) {
  app.add_option("--input", options.input,
                 "read prompts from FILE: one per line, or in a .jsonl a JSON string per line")
      ->option_text("FILE");
  app.add_option("--model", options.model, fmt::format("a GGUF file; default $QKV_GGUF or {}", default_model))
      ->option_text("FILE");
  app.add_option_function<std::string>(
         "--weights",
         [&options](const std::string& name) {
           options.weights = name == "f32" ? WeightFormat::f32 : WeightFormat::file;
         },
         "file: multiply with the matrices as the model's file has them (the default); f32: with single precision")
      ->option_text("file|f32")
      ->check(CLI::IsMember({"file", "f32"}));
  app.add_flag("--chat", options.chat, "each prompt is what a user says to the assistant that the model plays");
  app.add_option("--max-tokens", options.max_tokens, "tokens to add to each prompt at most; default: 128")
      ->option_text("N")
      ->check(CLI::Range(0, 1 << 20));
  add_sampling(app, options.sampling);
  app.add_flag("--json", options.json, "print one JSON object: completions and speed");
  app.add_option("--attention", options.attention, "write the attention of the first prompt as a picture to explore")
      ->option_text("FILE.html");
  app.add_option(
         "--perplexity", options.perplexity,
         "instead of continuing texts, tell how well the model predicts the text in FILE, in pieces of 512 tokens")
      ->option_text("FILE");
  add_threads_option(app, options.threads);
  add_max_isa_option(app, options.max_isa);
  app.set_version_flag("--version", fmt::format("qkv-generate {}", qkv_version()));
}

void check(const GenerateOptions& options) {
  const Sampling& sampling = options.sampling;
  if (!options.prompts.empty() && !options.input.empty())
    throw UsageError(fmt::format("--input {}: not together with a prompt ({})", quote(options.input.string()),
                                 quote(options.prompts.front())));
  if (!options.perplexity.empty() && !(options.prompts.empty() && options.input.empty() && options.attention.empty()))
    throw UsageError(fmt::format("--perplexity {}: not together with prompts, --input or --attention",
                                 quote(options.perplexity.string())));
  if (!std::isfinite(sampling.temperature) || sampling.temperature < 0)
    throw UsageError(fmt::format("--temperature {}: must be 0 or more", sampling.temperature));
  if (!(sampling.top_p > 0 && sampling.top_p <= 1))
    throw UsageError(fmt::format("--top-p {}: must be above 0 and at most 1", sampling.top_p));
  check_threads(options.threads);
}

std::filesystem::path model_path() {
  const char* path = std::getenv("QKV_GGUF");
  return path != nullptr && *path != '\0' ? path : default_model;
}

}  // namespace

std::optional<GenerateOptions> parse_generate_options(int argument_count, const char* const* arguments) {
  GenerateOptions options;
  CLI::App app(description, "qkv-generate [PROMPT ...]");
  app.footer(footer);
  app.allow_extras();
  add_options(app, options);
  auto prompts = parse_texts(app, argument_count, arguments);
  if (!prompts) return std::nullopt;
  options.prompts = std::move(*prompts);
  check(options);
  if (options.model.empty()) options.model = model_path();
  return options;
}

}  // namespace qkv::tools
