// SPDX-License-Identifier: Apache-2.0
#include "model/gguf_tokenizer.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

#include "text/quote.hpp"

namespace qkv::tools {
namespace {

// The numbers of tokenizer.ggml.token_type that the text spells out: control tokens and those that a user has added.
constexpr std::int64_t control = 3, user_defined = 4;

void require_text(const GgufMetadata& metadata, const char* key, std::string_view needed) {
  const auto& text = metadata.get<std::string>(key);
  if (text != needed)
    throw std::runtime_error(fmt::format("{} {} is not supported, only {}", key, quote(text), needed));
}

BytePairVocabulary read_vocabulary(const GgufMetadata& metadata) {
  using Texts = std::vector<std::string>;
  BytePairVocabulary vocabulary;
  vocabulary.tokens = metadata.get<Texts>("tokenizer.ggml.tokens");
  vocabulary.merges = metadata.get<Texts>("tokenizer.ggml.merges");
  for (const std::int64_t kind : metadata.get<std::vector<std::int64_t>>("tokenizer.ggml.token_type"))
    vocabulary.is_special.push_back(kind == control || kind == user_defined);
  return vocabulary;
}

std::optional<std::int64_t> read_id(const Gguf& file, const char* key, std::int64_t tokens) {
  const auto* id = file.metadata().find<std::int64_t>(key);
  if (id == nullptr) return std::nullopt;
  if (*id < 0 || *id >= tokens) throw std::runtime_error(fmt::format("{} {} is none of {} tokens", key, *id, tokens));
  return *id;
}

GgufTokenizer read_tokenizer(const Gguf& file) {
  const GgufMetadata& metadata = file.metadata();
  require_text(metadata, "tokenizer.ggml.model", "gpt2");
  require_text(metadata, "tokenizer.ggml.pre", "smollm");
  GgufTokenizer read{BytePairTokenizer(read_vocabulary(metadata)), {}, {}, {}};
  const std::int64_t tokens = read.tokenizer.size();
  const auto first_id = read_id(file, "tokenizer.ggml.bos_token_id", tokens);
  if (const bool* wanted = metadata.find<bool>("tokenizer.ggml.add_bos_token"); wanted != nullptr && *wanted) {
    if (!first_id) throw std::runtime_error("tokenizer.ggml.add_bos_token without tokenizer.ggml.bos_token_id");
    read.first_id = first_id;
  }
  for (const char* key : {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id"})
    if (const auto id = read_id(file, key, tokens)) read.end_ids.push_back(*id);
  if (const auto* text = metadata.find<std::string>("tokenizer.chat_template")) read.chat_template = *text;
  return read;
}

}  // namespace

std::vector<std::int64_t> GgufTokenizer::encode(std::string_view text) const {
  std::vector<std::int64_t> ids = tokenizer.encode(text);
  if (first_id) ids.insert(ids.begin(), *first_id);
  return ids;
}

GgufTokenizer read_gguf_tokenizer(const Gguf& file) {
  try {
    return read_tokenizer(file);
  } catch (const std::runtime_error& reason) {
    file.fail(reason.what());
  }
}

}  // namespace qkv::tools
