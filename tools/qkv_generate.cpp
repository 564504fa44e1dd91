// SPDX-License-Identifier: Apache-2.0
// qkv-generate: continues texts with a real decoder that runs on qkv.
#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <iostream>

#include "attend/read_texts.hpp"
#include "cli/arguments.hpp"
#include "cli/model_options.hpp"
#include "cli/output_file.hpp"
#include "cli/progress.hpp"
#include "cli/standard_output.hpp"
#include "generate/completion.hpp"
#include "generate/json_output.hpp"
#include "generate/options.hpp"
#include "generate/perplexity.hpp"
#include "generate/prompt_picture.hpp"
#include "model/gguf.hpp"
#include "model/gguf_tokenizer.hpp"
#include "text/chat_prompt.hpp"
#include "text/quote.hpp"
#include "text/read_file.hpp"

namespace {

using namespace qkv::tools;

volatile std::sig_atomic_t interrupted = 0;

void stop_when_interrupted() {
  struct sigaction action = {};
  action.sa_handler = [](int) { interrupted = 1; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // a second Ctrl-C ends the program at once
  sigaction(SIGINT, &action, nullptr);
}

std::vector<std::string> prompts_from(const GenerateOptions& options) {
  if (!options.prompts.empty()) {
    require_utf8(options.prompts, "prompt");
    return options.prompts;
  }
  if (!options.input.empty()) return read_text_file(options.input);
  if (isatty(STDIN_FILENO) != 0) write_standard_error("qkv-generate: type prompts, one per line; end with Ctrl-D\n");
  return read_text_lines(std::cin, "standard input");
}

std::string chat_prompt(const GgufTokenizer& tokenizer, const std::string& model, const std::string& prompt) {
  if (!tokenizer.chat_template || !is_smollm2_chat_template(*tokenizer.chat_template))
    throw UsageError(fmt::format("--chat: {} has no chat template that is known here", quote(model)));
  const ChatMessage message{"user", prompt};
  return smollm2_chat_prompt({&message, 1});
}

std::vector<Completion> tokenize(const GenerateOptions& options, const GgufTokenizer& tokenizer,
                                 const DecoderShape& shape) {
  std::vector<Completion> completions;
  for (const std::string& prompt : prompts_from(options)) {
    Completion completion;
    completion.prompt_ids =
        tokenizer.encode(options.chat ? chat_prompt(tokenizer, options.model.string(), prompt) : prompt);
    const auto tokens = static_cast<std::int64_t>(completion.prompt_ids.size());
    if (tokens == 0) throw UsageError(fmt::format("prompt {}: is empty", completions.size() + 1));
    if (tokens + options.max_tokens > shape.context)
      throw UsageError(fmt::format("prompt {}: its {} tokens and --max-tokens {} are more than the model's {}",
                                   completions.size() + 1, tokens, options.max_tokens, shape.context));
    completions.push_back(std::move(completion));
  }
  if (completions.empty()) throw UsageError("there is no prompt");
  return completions;
}

DecoderWeights load_weights(const Gguf& file, WeightFormat format) {
  const DecoderShape shape = decoder_shape(file);
  Progress progress("qkv-generate: read layer", static_cast<std::size_t>(shape.layers), true);
  return load_decoder(file, format, [&](std::int64_t) { progress.add(1); });
}

// In bytes of weights; twice as many in the page.
constexpr std::int64_t most_attention = std::int64_t{256} << 20;

// Opened before the work is done, and checked to be of a size that a browser shows.
std::optional<OutputFile> open_picture(const GenerateOptions& options, const std::vector<Completion>& completions,
                                       const DecoderShape& shape) {
  if (options.attention.empty()) return std::nullopt;
  const auto tokens = static_cast<std::int64_t>(completions.front().prompt_ids.size());
  const auto bytes = static_cast<double>(shape.layers * shape.query_heads * tokens) * 4 * static_cast<double>(tokens);
  if (bytes > static_cast<double>(most_attention))
    throw UsageError(fmt::format("--attention {}: the attention of {} tokens takes {:.0f} MB, more than {}",
                                 quote(options.attention.string()), tokens, bytes / (1 << 20), most_attention >> 20));
  return std::optional<OutputFile>(std::in_place, "--attention", options.attention);
}

void write_picture(OutputFile& file, const GenerateOptions& options, const GgufTokenizer& tokenizer,
                   const PromptAttention& attention, const DecoderShape& shape) {
  file.write(attention_html({prompt_picture(attention, tokenizer.tokenizer, shape)}));
  file.finish();
  file.commit();
  if (!options.json) write_standard_error(fmt::format("The attention of the prompt: {}\n", options.attention.string()));
}

void print_speed(const GenerationTimes& times) {
  write_standard_error(fmt::format("\n{} prompt tokens, {:.0f} per second; {} tokens, {:.1f} per second; on {}\n",
                                   times.prompt_tokens, times.prompt_rate(), times.tokens, times.rate(),
                                   qkv_isa_active()));
}

void run_perplexity(const GenerateOptions& options, const Gguf& file, const GgufTokenizer& tokenizer) {
  constexpr std::size_t most_text = std::size_t{64} << 20;
  const std::string text = read_file(options.perplexity, most_text);
  require_utf8({text}, "--perplexity");
  const std::vector<std::int64_t> ids = tokenizer.encode(text);
  if (ids.size() < 2)
    throw UsageError(fmt::format("--perplexity {}: a text of {} tokens has nothing to predict",
                                 quote(options.perplexity.string()), ids.size()));
  Decoder decoder(load_weights(file, options.weights), options.threads);
  Progress progress("qkv-generate: read token", ids.size(), true);
  const Perplexity result = perplexity(decoder, ids, [&](std::size_t tokens) { progress.add(tokens); });
  write_standard_output(options.json
                            ? fmt::format("{{\"perplexity\": {}, \"tokens\": {}}}\n", result.value(), result.tokens)
                            : fmt::format("perplexity {:.4f} of {} tokens\n", result.value(), result.tokens));
}

// One text appears as it is made; several, with their numbers, when all are done.
void run(const GenerateOptions& options) {
  choose_isa(options.max_isa);
  const Gguf file = Gguf::from_file(options.model);
  const GgufTokenizer tokenizer = read_gguf_tokenizer(file);
  if (!options.perplexity.empty()) return run_perplexity(options, file, tokenizer);
  std::vector<Completion> completions = tokenize(options, tokenizer, decoder_shape(file));
  Decoder decoder(load_weights(file, options.weights), options.threads);
  auto picture = open_picture(options, completions, decoder.shape());
  decoder.keep_attention_weights(picture.has_value());
  const bool streams = !options.json && completions.size() == 1;
  stop_when_interrupted();
  const GenerationTimes times =
      complete(decoder, tokenizer, options.sampling, {options.max_tokens, [] { return interrupted != 0; }}, completions,
               [&](const Completion&, std::string_view text) {
                 if (streams) write_standard_output(text);
               });
  const std::string model = options.model.stem().string();
  if (picture)
    write_picture(*picture, options, tokenizer, {model, completions.front().prompt_ids, decoder.attention_weights()},
                  decoder.shape());
  if (options.json) return write_standard_output(completions_json(model, completions, times));
  if (streams) {
    write_standard_output("\n");
  } else {
    for (std::size_t i = 0; i < completions.size(); ++i)
      write_standard_output(fmt::format("[{}] {}\n", i + 1, completions[i].text));
  }
  print_speed(times);
}

}  // namespace

int main(int argument_count, char** arguments) {
  const int code = exit_code_of("qkv-generate", [&] {
    if (const auto options = parse_generate_options(argument_count, arguments)) run(*options);
  });
  return code == 0 && interrupted != 0 ? 130 : code;
}
