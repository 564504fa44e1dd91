// SPDX-License-Identifier: Apache-2.0
#include "tools/support/golden_ids.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>

#include "support/random.hpp"
#include "text/utf8.hpp"

namespace qkv_test {
namespace {

using qkv::tools::from_utf8;
using qkv::tools::to_utf8;

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

std::string block_digest(const Encode& encode, std::string_view pattern, std::size_t first, std::size_t count) {
  Digest digest;
  for (std::size_t c = first; c < first + count; ++c)
    if (c < 0xD800 || c >= 0xE000) digest.add(encode(filled(pattern, static_cast<char32_t>(c))));
  return digest.hex();
}

std::size_t blocks_to_check(std::size_t all) {
  return std::min(static_cast<std::size_t>(case_count(static_cast<std::int64_t>(all))), all);
}

}  // namespace

void Digest::add(const std::vector<std::int64_t>& ids) {
  for (const std::int64_t id : ids) add_word(static_cast<std::uint32_t>(id));
  add_word(0xFFFFFFFF);
}

std::string Digest::hex() const {
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) text += "0123456789abcdef"[state_ >> shift & 15];
  return text;
}

void check_sweeps(const nlohmann::json& golden, const Encode& encode) {
  const auto block = golden["sweep_block"].get<std::size_t>();
  for (const auto& sweep : golden["sweeps"]) {
    const auto pattern = sweep["template"].get<std::string>();
    const auto digests = sweep["digests"].get<std::vector<std::string>>();
    REQUIRE(digests.size() * block == 0x110000);
    for (std::size_t i = 0; i < blocks_to_check(digests.size()); ++i) {
      CAPTURE(pattern);
      CAPTURE(i * block);
      CHECK(block_digest(encode, pattern, i * block, block) == digests[i]);
    }
  }
}

void check_random_texts(const nlohmann::json& golden, const Encode& encode) {
  const auto& facts = golden["random"];
  GoldenRandom random(facts);
  const auto digests = facts["digests"].get<std::vector<std::string>>();
  REQUIRE(!digests.empty());
  for (std::size_t i = 0; i < blocks_to_check(digests.size()); ++i) {
    Digest digest;
    for (int k = 0; k < facts["block"].get<int>(); ++k) digest.add(encode(random.text()));
    CAPTURE(i);
    CHECK(digest.hex() == digests[i]);
  }
}

}  // namespace qkv_test
