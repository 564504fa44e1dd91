// SPDX-License-Identifier: Apache-2.0
// The file of SmolLM2 as others read it: ids of the Hugging Face tokeniser, chats of the file's own template, numbers
// of the package gguf.
#include "tools/support/smollm2.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/gguf.hpp"
#include "model/gguf_tokenizer.hpp"
#include "support/random.hpp"
#include "text/chat_prompt.hpp"
#include "text/utf8_stream.hpp"
#include "tools/support/golden_ids.hpp"

namespace {

using namespace qkv::tools;
using namespace qkv_test;

// nullptr without a model.
const GgufTokenizer* smollm2_tokenizer() {
  static const std::optional<GgufTokenizer> tokenizer = []() -> std::optional<GgufTokenizer> {
    const auto file = smollm2_file();
    if (!file) return std::nullopt;
    return read_gguf_tokenizer(Gguf::from_file(*file));
  }();
  return tokenizer ? &*tokenizer : nullptr;
}

Encode encode_with(const GgufTokenizer& tokenizer) {
  return [&tokenizer](std::string_view text) { return tokenizer.encode(text); };
}

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t at = 0; at < hex.size(); at += 2)
    bytes += static_cast<char>(std::stoi(hex.substr(at, 2), nullptr, 16));
  return bytes;
}

std::string decoded(const BytePairTokenizer& tokenizer, const std::vector<std::int64_t>& ids) {
  Utf8Stream stream;
  std::string text;
  for (const std::int64_t id : ids) text += stream.add(tokenizer.bytes(id));
  return text += stream.finish();
}

// The sum, modulo 2^64, of the bits of each value times 2 i + 1.
std::string digest(const std::vector<float>& values) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i) sum += std::bit_cast<std::uint32_t>(values[i]) * (2 * i + 1);
  std::string hex;
  for (int shift = 60; shift >= 0; shift -= 4) hex += "0123456789abcdef"[sum >> shift & 15];
  return hex;
}

}  // namespace

TEST_CASE("smollm2: ids of texts, and the texts that ids stand for") {
  const GgufTokenizer* read = smollm2_tokenizer();
  if (read == nullptr) return;
  REQUIRE(golden_smollm2()["texts"].size() >= 60);
  for (const auto& golden : golden_smollm2()["texts"]) {
    const auto text =
        golden.contains("bytes") ? from_hex(golden["bytes"].get<std::string>()) : golden["text"].get<std::string>();
    CAPTURE(golden.dump().substr(0, 100));
    const auto ids = golden["ids"].get<std::vector<std::int64_t>>();
    CHECK(read->encode(text) == ids);
    CHECK(decoded(read->tokenizer, ids) == golden["decoded"].get<std::string>());
  }
}

TEST_CASE("smollm2: ids of every code point in several surroundings") {
  if (const auto* read = smollm2_tokenizer()) check_sweeps(golden_smollm2(), encode_with(*read));
}

TEST_CASE("smollm2: ids of random texts") {
  if (const auto* read = smollm2_tokenizer()) check_random_texts(golden_smollm2(), encode_with(*read));
}

TEST_CASE("smollm2: special tokens, and no token before a text") {
  const GgufTokenizer* read = smollm2_tokenizer();
  if (read == nullptr) return;
  CHECK(read->tokenizer.size() == 49152);
  CHECK(!read->first_id);
  CHECK(read->end_ids == std::vector<std::int64_t>{2});
  CHECK(read->tokenizer.is_special(2));
  CHECK(read->tokenizer.bytes(2) == "<|im_end|>");
  CHECK(!read->tokenizer.is_special(17));
}

TEST_CASE("smollm2: chats as the template of the file renders them") {
  REQUIRE(golden_smollm2()["chats"].size() >= 5);
  for (const auto& golden : golden_smollm2()["chats"]) {
    std::vector<ChatMessage> messages;
    for (const auto& message : golden["messages"])
      messages.push_back({message["role"].get<std::string>(), message["content"].get<std::string>()});
    CHECK(smollm2_chat_prompt(messages) == golden["prompt"].get<std::string>());
  }
  if (const auto* read = smollm2_tokenizer()) {
    REQUIRE(read->chat_template);
    CHECK(is_smollm2_chat_template(*read->chat_template));
  }
  CHECK(!is_smollm2_chat_template("{{ '<|im_start|>assistant\n' }}"));
}

TEST_CASE("smollm2: every number of every tensor") {
  const auto path = smollm2_file();
  if (!path) return;
  const Gguf file = Gguf::from_file(*path);
  const auto& golden = golden_smollm2()["tensors"];
  REQUIRE(golden.size() == 272);
  CHECK(file.tensors().size() == golden.size());
  std::int64_t rest = case_count(272);
  for (const auto& item : golden.items()) {
    if (rest-- == 0) break;
    const std::string& name = item.key();
    const nlohmann::json& expected = item.value();
    CAPTURE(name);
    const GgufTensor& tensor = file.tensor(name, expected["shape"].get<std::vector<std::int64_t>>());
    CHECK(tensor_type_facts(tensor.type).name == expected["type"].get<std::string>());
    CHECK(digest(file.read_f32(tensor)) == expected["digest"].get<std::string>());
  }
}
