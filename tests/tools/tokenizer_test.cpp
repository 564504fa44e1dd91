// SPDX-License-Identifier: Apache-2.0
// What the tokeniser promises beyond its ids, without a model.
#include "text/tokenizer.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/random.hpp"
#include "text/columns.hpp"
#include "text/quote.hpp"
#include "text/utf8.hpp"

namespace {

using namespace qkv::tools;
using Strings = std::vector<std::string>;

const Tokenizer& tokenizer() {
  static const Tokenizer tokenizer(Vocabulary({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "un", "##believ", "##able",
                                               "##bel", "believ", "cafe", "the", ",", "x", "##x"}));
  return tokenizer;
}

TokenizedText tokenize(const std::string& text, std::int64_t max_tokens = 512) {
  return tokenizer().tokenize(text, max_tokens);
}

}  // namespace

TEST_CASE("tokenizer: the longest pieces from the left, words with their pieces") {
  const TokenizedText text = tokenize("The UNBELIEVABLE, Caf\u00e9");
  CHECK(text.pieces == Strings{"[CLS]", "the", "un", "##believ", "##able", ",", "cafe", "[SEP]"});
  CHECK(text.words == Strings{"[CLS]", "the", "unbelievable", ",", "cafe", "[SEP]"});
  CHECK(text.word_of == std::vector<std::size_t>{0, 1, 2, 2, 2, 3, 4, 5});
  CHECK(text.full_token_count == 8);
}

TEST_CASE("tokenizer: a word without pieces is [UNK] as a whole") {
  CHECK(tokenize("unbelief the").pieces == Strings{"[CLS]", "[UNK]", "the", "[SEP]"});
  CHECK(tokenize("unbelief").words[1] == "unbelief");
}

TEST_CASE("tokenizer: words of 100 characters are cut up, longer ones are [UNK]") {
  CHECK(tokenize(std::string(100, 'x')).ids.size() == 102);
  CHECK(tokenize(std::string(101, 'x')).pieces == Strings{"[CLS]", "[UNK]", "[SEP]"});
}

TEST_CASE("tokenizer: special tokens in the text are tokens, other brackets are not") {
  CHECK(tokenize("the[MASK]the [SEP]").pieces == Strings{"[CLS]", "the", "[MASK]", "the", "[SEP]", "[SEP]"});
  CHECK(tokenize("[mask]").pieces.size() == 5);
}

TEST_CASE("tokenizer: too long a text keeps its first tokens, and its length is known") {
  const TokenizedText text = tokenize("the the unbelievable the", 5);
  CHECK(text.pieces == Strings{"[CLS]", "the", "the", "un", "[SEP]"});
  CHECK(text.full_token_count == 8);
  CHECK(tokenize("the the", 2).pieces == Strings{"[CLS]", "[SEP]"});
  CHECK(tokenize("", 2).full_token_count == 2);
}

TEST_CASE("tokenizer: any bytes give tokens") {
  qkv_test::Random random(qkv_test::base_seed());
  for (std::int64_t i = qkv_test::case_count(5000); i > 0; --i) {
    std::string bytes;
    for (std::int64_t rest = random.integer(0, 40); rest > 0; --rest)
      bytes += static_cast<char>(random.chance(0.5) ? random.integer(0x80, 0xFF) : random.integer(0, 0x7F));
    const TokenizedText text = tokenize(bytes);
    REQUIRE(text.ids.size() == text.word_of.size());
    CHECK(text.word_of.back() + 1 == text.words.size());
    CHECK(!invalid_utf8(quote(bytes)));
    CHECK(column_count(bytes) <= bytes.size());
  }
}

TEST_CASE("UTF-8: where it ends to be") {
  CHECK(!invalid_utf8(""));
  CHECK(!invalid_utf8("caf\u00e9 \U0001f600"));
  CHECK(invalid_utf8("caf\xe9") == 3);
  CHECK(invalid_utf8("\xc0\x80") == 0);          // overlong
  CHECK(invalid_utf8("a\xed\xa0\x80") == 1);     // a surrogate
  CHECK(invalid_utf8("\xf4\x90\x80\x80") == 0);  // beyond U+10FFFF
  CHECK(invalid_utf8("ab\xf0\x9f\x98") == 2);    // cut off
  CHECK(from_utf8("a\xff\x62") == U"ab");
}

TEST_CASE("columns: ideographs take two, marks none") {
  CHECK(column_count("pizza") == 5);
  CHECK(column_count("\u62ab\u8428") == 4);
  CHECK(column_count("e\u0301") == 1);
  CHECK(padded("ab", 4) == "ab  ");
  CHECK(padded("abc", 2) == "abc");
}
