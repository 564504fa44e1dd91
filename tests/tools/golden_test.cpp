// SPDX-License-Identifier: Apache-2.0
// Token ids are those of the Hugging Face fast tokeniser.
#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "text/tokenizer.hpp"
#include "tools/support/golden.hpp"
#include "tools/support/golden_ids.hpp"

namespace {

using namespace qkv::tools;
using namespace qkv_test;

constexpr std::int64_t no_limit = std::numeric_limits<std::int32_t>::max();

std::optional<Tokenizer> minilm_tokenizer() {
  const auto folder = minilm_folder();
  if (!folder) return std::nullopt;
  return Tokenizer(Vocabulary::from_file(*folder / "vocab.txt"));
}

Encode encode_with(const Tokenizer& tokenizer) {
  return [&tokenizer](std::string_view text) { return tokenizer.tokenize(text, no_limit).ids; };
}

}  // namespace

TEST_CASE("golden: token ids of texts in every script, empty, odd and too long") {
  const auto tokenizer = minilm_tokenizer();
  if (!tokenizer) return;
  REQUIRE(golden_texts().size() >= 40);
  for (const GoldenText& golden : golden_texts()) {
    CAPTURE(golden.text.substr(0, 100));
    CHECK(tokenizer->tokenize(golden.text, 512).ids == golden.ids);
  }
}

TEST_CASE("golden: token ids of every code point in several surroundings") {
  if (const auto tokenizer = minilm_tokenizer()) check_sweeps(golden(), encode_with(*tokenizer));
}

TEST_CASE("golden: token ids of random texts") {
  if (const auto tokenizer = minilm_tokenizer()) check_random_texts(golden(), encode_with(*tokenizer));
}
