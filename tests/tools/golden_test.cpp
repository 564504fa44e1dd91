// SPDX-License-Identifier: Apache-2.0
// Token ids are those of the Hugging Face fast tokeniser.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/random.hpp"
#include "text/tokenizer.hpp"
#include "text/utf8.hpp"
#include "tools/support/golden.hpp"

namespace {

using namespace qkv::tools;
using namespace qkv_test;

constexpr std::int64_t no_limit = std::numeric_limits<std::int32_t>::max();

// FNV-1a over 32-bit words: the ids of each text and an end mark.
class Digest {
 public:
  void add(const std::vector<std::int64_t>& ids) {
    for (const std::int64_t id : ids) add_word(static_cast<std::uint32_t>(id));
    add_word(0xFFFFFFFF);
  }

  std::string hex() const {
    std::string text;
    for (int shift = 60; shift >= 0; shift -= 4) text += "0123456789abcdef"[state_ >> shift & 15];
    return text;
  }

 private:
  void add_word(std::uint32_t word) { state_ = (state_ ^ word) * 0x100000001B3; }

  std::uint64_t state_ = 0xCBF29CE484222325;
};

// Knuth's MMIX generator, as in the script that made the golden file.
class GoldenRandom {
 public:
  explicit GoldenRandom(const nlohmann::json& facts)
      : ranges_(facts["ranges"].get<std::vector<std::vector<std::uint32_t>>>()),
        special_(from_utf8(facts["special"].get<std::string>())),
        longest_(facts["longest"].get<std::uint64_t>()),
        state_(facts["seed"].get<std::uint64_t>()) {}

  std::string text() {
    std::u32string text;
    for (std::uint64_t rest = below(longest_); rest > 0; --rest) {
      const std::uint64_t kind = below(ranges_.size() + 1);
      if (kind == ranges_.size())
        text += special_;
      else
        text += static_cast<char32_t>(ranges_[kind][0] + below(ranges_[kind][1] - ranges_[kind][0] + 1));
    }
    return to_utf8(text);
  }

 private:
  std::uint64_t below(std::uint64_t limit) {
    state_ = state_ * 6364136223846793005 + 1442695040888963407;
    return (state_ >> 33) % limit;
  }

  std::vector<std::vector<std::uint32_t>> ranges_;
  std::u32string special_;
  std::uint64_t longest_, state_;
};

// The template with the code point in place of each {}.
std::string filled(std::string_view pattern, char32_t c) {
  const std::string character = to_utf8(std::u32string(1, c));
  std::string text;
  for (std::size_t hole; (hole = pattern.find("{}")) != std::string_view::npos; pattern.remove_prefix(hole + 2))
    text.append(pattern.substr(0, hole)).append(character);
  return text.append(pattern);
}

std::string block_digest(const Tokenizer& tokenizer, std::string_view pattern, std::size_t first, std::size_t count) {
  Digest digest;
  for (std::size_t c = first; c < first + count; ++c)
    if (c < 0xD800 || c >= 0xE000)
      digest.add(tokenizer.tokenize(filled(pattern, static_cast<char32_t>(c)), no_limit).ids);
  return digest.hex();
}

std::optional<Tokenizer> minilm_tokenizer() {
  const auto folder = minilm_folder();
  if (!folder) return std::nullopt;
  return Tokenizer(Vocabulary::from_file(*folder / "vocab.txt"));
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
  const auto tokenizer = minilm_tokenizer();
  if (!tokenizer) return;
  const auto block = golden()["sweep_block"].get<std::size_t>();
  for (const auto& sweep : golden()["sweeps"]) {
    const auto pattern = sweep["template"].get<std::string>();
    const auto digests = sweep["digests"].get<std::vector<std::string>>();
    REQUIRE(digests.size() * block == 0x110000);
    const auto blocks = static_cast<std::size_t>(case_count(static_cast<std::int64_t>(digests.size())));
    for (std::size_t i = 0; i < std::min(blocks, digests.size()); ++i) {
      CAPTURE(pattern);
      CAPTURE(i * block);
      CHECK(block_digest(*tokenizer, pattern, i * block, block) == digests[i]);
    }
  }
}

TEST_CASE("golden: token ids of random texts") {
  const auto tokenizer = minilm_tokenizer();
  if (!tokenizer) return;
  const auto& facts = golden()["random"];
  GoldenRandom random(facts);
  const auto digests = facts["digests"].get<std::vector<std::string>>();
  const auto blocks = static_cast<std::size_t>(case_count(static_cast<std::int64_t>(digests.size())));
  for (std::size_t i = 0; i < std::min(blocks, digests.size()); ++i) {
    Digest digest;
    for (int k = 0; k < facts["block"].get<int>(); ++k) digest.add(tokenizer->tokenize(random.text(), no_limit).ids);
    CHECK(digest.hex() == digests[i]);
  }
}
