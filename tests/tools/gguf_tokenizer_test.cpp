// SPDX-License-Identifier: Apache-2.0
// Tokenisers in GGUF files, and files that only pretend to have one.
#include "model/gguf_tokenizer.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/random.hpp"
#include "tools/support/gguf_writer.hpp"

namespace {

using namespace qkv::tools;
using namespace qkv_test;
using Ids = std::vector<std::int64_t>;

// What a file says of its tokeniser; a test changes one thing.
struct Facts {
  std::string model = "gpt2", pre = "smollm";
  std::vector<std::string> tokens = {"<s>", "</s>", "a", "b", "ab", "<user>"}, merges = {"a b"};
  std::vector<std::int32_t> kinds = {3, 3, 1, 1, 1, 4};
  std::uint32_t bos = 0, eos = 1;
  bool add_bos = true;
};

GgufWriter file_of(const Facts& facts) {
  GgufWriter file;
  file.value("tokenizer.ggml.model", facts.model).value("tokenizer.ggml.pre", facts.pre);
  file.value("tokenizer.ggml.tokens", facts.tokens).value("tokenizer.ggml.merges", facts.merges);
  file.value("tokenizer.ggml.token_type", facts.kinds).value("tokenizer.ggml.add_bos_token", facts.add_bos);
  file.value("tokenizer.ggml.bos_token_id", facts.bos).value("tokenizer.ggml.eos_token_id", facts.eos);
  return file;
}

GgufTokenizer read(const GgufWriter& file) {
  return read_gguf_tokenizer(open_gguf(file.bytes()));
}

std::string complaint(const std::function<void(Facts&)>& change) {
  Facts facts;
  change(facts);
  try {
    read(file_of(facts));
  } catch (const std::runtime_error& error) {
    CHECK(std::string(error.what()).starts_with("\"test\": "));
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("gguf tokenizer: ids, the first one, the last ones, the chat template") {
  const GgufTokenizer plain = read(file_of({}));
  CHECK(plain.encode("ab</s>b<user>") == Ids{0, 4, 1, 3, 5});
  CHECK(plain.tokenizer.encode("ab") == Ids{4});
  CHECK(plain.end_ids == Ids{1});
  CHECK(!plain.chat_template);
  Facts without_first;
  without_first.add_bos = false;
  const GgufTokenizer other =
      read(file_of(without_first).value("tokenizer.ggml.eot_token_id", 5U).value("tokenizer.chat_template", "{}"));
  CHECK(other.encode("") == Ids{});
  CHECK(other.end_ids == Ids{1, 5});
  CHECK(other.chat_template == "{}");
}

TEST_CASE("gguf tokenizer: what is missing, unknown or contradictory") {
  CHECK(complaint([](Facts&) {}).empty());
  CHECK(complaint([](Facts& facts) { facts.model = "llama"; }).find("\"llama\" is not supported") != std::string::npos);
  CHECK(complaint([](Facts& facts) { facts.pre = "qwen2\n"; }).find("only smollm") != std::string::npos);
  CHECK(complaint([](Facts& facts) { facts.merges = {"a c"}; }).find("merge 0") != std::string::npos);
  CHECK(complaint([](Facts& facts) { facts.kinds.pop_back(); }).find("5 kinds for 6 tokens") != std::string::npos);
  CHECK(complaint([](Facts& facts) { facts.bos = 6; }).find("bos_token_id 6 is none of 6") != std::string::npos);
  CHECK(complaint([](Facts& facts) { facts.eos = ~0U; }).find("eos_token_id") != std::string::npos);
  CHECK_THROWS_WITH(read(GgufWriter()), "\"test\": there is no tokenizer.ggml.model");
}

TEST_CASE("gguf tokenizer: random bytes in the file give an error or ids of its vocabulary") {
  const std::string bytes = file_of({}).bytes();
  Random random(base_seed());
  for (std::int64_t i = case_count(5000); i > 0; --i) {
    CAPTURE(i);
    std::string mutated = bytes;
    for (std::int64_t edits = random.integer(1, 3); edits > 0; --edits)
      mutated[static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(bytes.size()) - 1))] =
          static_cast<char>(random.integer(0, 255));
    try {
      const GgufTokenizer mutant = read_gguf_tokenizer(open_gguf(mutated));
      for (const std::int64_t id : mutant.encode("<s>ab ba</s>\xff<user>")) CHECK(id < mutant.tokenizer.size());
    } catch (const std::runtime_error& error) {
      CHECK(std::string(error.what()).starts_with("\"test\": "));
    }
  }
}
