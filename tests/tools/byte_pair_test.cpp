// SPDX-License-Identifier: Apache-2.0
// Byte-level BPE without a model: words, merges, special tokens, bytes that are no text.
#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "support/random.hpp"
#include "text/byte_letters.hpp"
#include "text/byte_level_words.hpp"
#include "text/byte_pair_tokenizer.hpp"
#include "text/utf8.hpp"
#include "text/utf8_stream.hpp"

namespace {

using namespace qkv::tools;
using Words = std::vector<std::string_view>;
using Ids = std::vector<std::int64_t>;

// Tokens 0 to 255 are the bytes; then come what merges make and special tokens.
BytePairVocabulary vocabulary(const std::vector<std::string>& merges, const std::vector<std::string>& specials = {}) {
  BytePairVocabulary all;
  for (unsigned byte = 0; byte < 256; ++byte) all.tokens.push_back(letter_of_byte(static_cast<unsigned char>(byte)));
  for (std::string merged : merges) {
    merged.erase(merged.find(' '), 1);
    all.tokens.push_back(merged);
  }
  all.is_special.assign(all.tokens.size(), false);
  all.tokens.insert(all.tokens.end(), specials.begin(), specials.end());
  all.is_special.resize(all.tokens.size(), true);
  all.merges = merges;
  return all;
}

// Applies the earliest merge at its leftmost place until none applies: what the definition says, in quadratic time.
std::vector<std::int32_t> merged_slowly(const BytePairMerges& merges, std::vector<std::int32_t> symbols) {
  for (;;) {
    std::optional<BytePairMerges::Merge> best;
    std::size_t place = 0;
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
      const auto merge = merges.find(symbols[i], symbols[i + 1]);
      if (!merge || (best && best->rank <= merge->rank)) continue;
      best = merge;
      place = i;
    }
    if (!best) return symbols;
    symbols[place] = best->merged;
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(place) + 1);
  }
}

}  // namespace

TEST_CASE("byte-level words: letters, digits, blanks, contractions") {
  CHECK(split_byte_level_words("").empty());
  CHECK(split_byte_level_words("It's 42 o'clock,  ok") ==
        Words{"It", "'s", " ", "4", "2", " o", "'", "clock", ",", " ", " ok"});
  CHECK(split_byte_level_words("a \n\n b\n") == Words{"a", " \n\n", " b", "\n"});
  CHECK(split_byte_level_words("a   1") == Words{"a", "   ", "1"});
  CHECK(split_byte_level_words("\n\ta") == Words{"\n", "\t", "a"});
  CHECK(split_byte_level_words("!'s 'll") == Words{"!'", "s", " '", "ll"});
  CHECK(split_byte_level_words("caf\u00e9 \u65e5\u672c\u3002\u0663") ==
        Words{"caf\u00e9", " \u65e5\u672c", "\u3002", "\u0663"});
}

TEST_CASE("byte-level words: together they are the text") {
  qkv_test::Random random(qkv_test::base_seed());
  const std::u32string alphabet = U"ab  \n\t1'stlvedm!\u00e9\u00bd\u00a0\u3000\u0301\U0001f600\U00011f50";
  for (std::int64_t i = qkv_test::case_count(2000); i > 0; --i) {
    std::u32string text;
    for (std::int64_t rest = random.integer(0, 30); rest > 0; --rest)
      text += alphabet[static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(alphabet.size()) - 1))];
    const std::string utf8 = to_utf8(text);
    std::string joined;
    for (const std::string_view word : split_byte_level_words(utf8)) {
      CHECK(!word.empty());
      joined += word;
    }
    CHECK(joined == utf8);
  }
}

TEST_CASE("byte letters: every byte has one, and back") {
  CHECK(letter_of_byte('a') == "a");
  CHECK(letter_of_byte(' ') == "\u0120");
  CHECK(letter_of_byte('\n') == "\u010a");
  CHECK(letter_of_byte(0xAD) == "\u0143");
  for (unsigned byte = 0; byte < 256; ++byte) {
    const auto bytes = bytes_of_letters(letter_of_byte(static_cast<unsigned char>(byte)));
    CHECK(bytes == std::string(1, static_cast<char>(byte)));
  }
  CHECK(bytes_of_letters("\u0120x\u00e9") == " x\xe9");
  for (const char* none : {"a b", "\u0144", "\u65e5", "\xff"}) CHECK(!bytes_of_letters(none));
}

TEST_CASE("byte pairs: the earliest merge first, then the leftmost") {
  const BytePairTokenizer tokenizer(vocabulary({"b c", "a b", "a bc", "c c"}));
  CHECK(tokenizer.encode("ab") == Ids{257});
  CHECK(tokenizer.encode("abc") == Ids{258});
  CHECK(tokenizer.encode("abcc") == Ids{258, 'c'});
  CHECK(tokenizer.encode("ccc") == Ids{259, 'c'});
  CHECK(tokenizer.encode("abc abc") == Ids{258, ' ', 258});
  CHECK(tokenizer.encode("").empty());
}

TEST_CASE("byte pairs: as the definition says, for random merges and words") {
  qkv_test::Random random(qkv_test::base_seed());
  for (std::int64_t i = qkv_test::case_count(1000); i > 0; --i) {
    BytePairMerges merges;
    std::int32_t next = 4;
    for (std::size_t rank = 0; rank < 20; ++rank, ++next)
      merges.add(static_cast<std::int32_t>(random.integer(0, next - 1)),
                 static_cast<std::int32_t>(random.integer(0, next - 1)), {rank, next});
    std::vector<std::int32_t> symbols(static_cast<std::size_t>(random.integer(0, 60)));
    for (std::int32_t& symbol : symbols) symbol = static_cast<std::int32_t>(random.integer(0, 3));
    CAPTURE(i);
    CHECK(merges.apply(symbols) == merged_slowly(merges, symbols));
  }
}

TEST_CASE("byte pairs: a word of a million bytes takes no time to speak of") {
  std::vector<std::string> merges;
  for (std::size_t length = 1; length < 512; length *= 2)
    merges.push_back(std::string(length, 'a') + ' ' + std::string(length, 'a'));
  const BytePairTokenizer tokenizer(vocabulary(merges));
  const auto started = std::chrono::steady_clock::now();
  CHECK(tokenizer.encode(std::string(1 << 20, 'a')) == Ids(2048, 256 + 8));
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - started;
  CHECK(seconds.count() < 60);  // under sanitizers; in quadratic time it takes hours
}

TEST_CASE("byte pairs: special tokens, the longest at the first place") {
  const BytePairTokenizer tokenizer(vocabulary({"< |"}, {"<|a|>", "<|a|><|b|>", "", "<|c"}));
  CHECK(tokenizer.encode("x<|a|>y") == Ids{'x', 257, 'y'});
  CHECK(tokenizer.encode("<|a|><|b|><|a|>") == Ids{258, 257});
  CHECK(tokenizer.encode("<|<|c") == Ids{256, 260});
  CHECK(tokenizer.encode("<|a|") == Ids{256, 'a', '|'});
  CHECK(tokenizer.is_special(257));
  CHECK(!tokenizer.is_special(256));
  CHECK(tokenizer.bytes(257) == "<|a|>");
}

TEST_CASE("byte pairs: bytes without a token are lost, and what they kept apart is joined") {
  BytePairVocabulary lacking = vocabulary({"a b"});
  lacking.tokens['-'] = "none";
  const BytePairTokenizer tokenizer(std::move(lacking));
  CHECK(tokenizer.encode("--").empty());
  CHECK(tokenizer.encode("\xff") == Ids{0xEF, 0xBF, 0xBD});
}

TEST_CASE("byte pairs: vocabularies that contradict themselves") {
  for (const char* merge : {"", "ab", " a", "a ", "a q\u65e5", "x y"}) {
    BytePairVocabulary wrong = vocabulary({"a b"});
    wrong.merges.emplace_back(merge);
    CAPTURE(merge);
    CHECK_THROWS_WITH_AS(BytePairTokenizer(std::move(wrong)), doctest::Contains("merge 1, "), std::runtime_error);
  }
  BytePairVocabulary wrong = vocabulary({});
  wrong.is_special.pop_back();
  CHECK_THROWS_WITH(BytePairTokenizer(std::move(wrong)), "255 kinds for 256 tokens");
}

TEST_CASE("UTF-8 stream: what is certain at once, what is cut off later") {
  Utf8Stream stream;
  CHECK(stream.add("a\xe6\x97") == "a");
  CHECK(stream.add("") == "");
  CHECK(stream.add("\xa5!") == "\u65e5!");
  CHECK(stream.add("\xf0\x9f") == "");
  CHECK(stream.add("b") == "\ufffdb");
  CHECK(stream.add("\xc3") == "");
  CHECK(stream.finish() == "\ufffd");
  CHECK(stream.finish() == "");
}

TEST_CASE("UTF-8 stream: any bytes in any pieces") {
  static constexpr std::array<unsigned char, 16> odd = {0xC2, 0xE0, 0xE1, 0xED, 0xEF, 0xF0, 0xF1, 0xF4,
                                                        0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xFF, 'a'};
  qkv_test::Random random(qkv_test::base_seed());
  for (std::int64_t i = qkv_test::case_count(5000); i > 0; --i) {
    std::string bytes, text;
    Utf8Stream stream;
    for (std::int64_t pieces = random.integer(0, 8); pieces > 0; --pieces) {
      std::string piece;
      for (std::int64_t rest = random.integer(0, 5); rest > 0; --rest)
        piece += static_cast<char>(odd[static_cast<std::size_t>(random.integer(0, 15))]);
      bytes += piece;
      text += stream.add(piece);
      CHECK(!invalid_utf8(text));
    }
    text += stream.finish();
    CHECK(!invalid_utf8(text));
    CHECK(text == replace_invalid_utf8(bytes));
    if (!invalid_utf8(bytes)) CHECK(text == bytes);
  }
}
