// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "picture/attention_picture.hpp"
#include "picture/svg_text.hpp"
#include "picture/words.hpp"

using namespace qkv::tools;

namespace {

// Rows of weights that tell layer, head, query and key apart and sum to 1.
std::vector<float> distinct_weights(int layers, int heads, std::size_t tokens) {
  std::vector<float> weights;
  const auto rows = static_cast<std::size_t>(layers * heads) * tokens;
  for (std::size_t row = 0; row < rows; ++row) {
    float sum = 0;
    for (std::size_t key = 0; key < tokens; ++key) sum += static_cast<float>((row * 7 + key * 5) % 11 + 1);
    for (std::size_t key = 0; key < tokens; ++key)
      weights.push_back(static_cast<float>((row * 7 + key * 5) % 11 + 1) / sum);
  }
  return weights;
}

AttentionPicture picture_with(std::vector<std::string> tokens, std::vector<float> weights, int layers = 1,
                              int heads = 1) {
  std::vector<std::string> words;
  std::vector<std::size_t> word_of;
  for (const std::string& token : tokens) {
    if (token.starts_with("##"))
      words.back() += token.substr(2);
    else
      words.push_back(token);
    word_of.push_back(words.size() - 1);
  }
  return {.model = "a model",
          .text = "a text",
          .tokens = std::move(tokens),
          .words = std::move(words),
          .word_of = std::move(word_of),
          .layers = layers,
          .heads = heads,
          .weights = std::move(weights),
          .best_layer = 0,
          .best_head = 0};
}

// [CLS] pizza, it and [SEP]; "it" gives 0.7 to "pizza", 0.06 to itself.
AttentionPicture pizza() {
  return picture_with({"[CLS]", "piz", "##za", "it", "[SEP]"}, {1,    0,    0,    0,     0,      //
                                                                0.2f, 0.2f, 0.2f, 0.2f,  0.2f,   //
                                                                0.2f, 0.4f, 0,    0.4f,  0,      //
                                                                0.2f, 0.5f, 0.2f, 0.06f, 0.04f,  //
                                                                0,    0,    0,    0,     1});
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size())) ++found;
  return found;
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string_view between(std::string_view text, std::string_view before, std::string_view after) {
  const std::size_t start = text.find(before);
  REQUIRE(start != std::string_view::npos);
  const std::size_t end = text.find(after, start + before.size());
  REQUIRE(end != std::string_view::npos);
  return text.substr(start + before.size(), end - start - before.size());
}

bool is_entity(std::string_view text) {
  constexpr std::array<std::string_view, 5> known = {"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"};
  return std::ranges::any_of(known, [&](std::string_view entity) { return text.starts_with(entity); });
}

// The checks of an XML parser that escaping and balanced tags have to pass; an empty string, or what is wrong.
std::string xml_fault(std::string_view xml) {
  std::vector<std::string_view> open;
  while (!xml.empty()) {
    const std::size_t tag = std::min(xml.find('<'), xml.size());
    const std::string_view text = xml.substr(0, tag);
    for (std::size_t at = text.find('&'); at != std::string_view::npos; at = text.find('&', at + 1))
      if (!is_entity(text.substr(at))) return "bare & in: " + std::string(text);
    if (has(text, "]]>")) return "]]> in text";
    xml.remove_prefix(tag);
    if (xml.empty()) break;
    const std::size_t end = xml.find('>');
    if (end == std::string_view::npos) return "a tag that does not end";
    const std::string_view inside = xml.substr(1, end - 1);
    if (has(inside, "<") || count(inside, "\"") % 2 != 0) return "broken tag: " + std::string(inside);
    const std::string_view name = inside.substr(0, inside.find(' '));
    xml.remove_prefix(end + 1);
    if (name.starts_with('/')) {
      if (open.empty() || open.back() != name.substr(1)) return "unbalanced " + std::string(name);
      open.pop_back();
    } else if (!inside.ends_with('/')) {
      open.push_back(name);
    }
  }
  return open.empty() ? "" : "not closed: " + std::string(open.back());
}

std::vector<std::uint8_t> from_base64(std::string_view text) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  REQUIRE(text.size() % 4 == 0);
  std::vector<std::uint8_t> bytes;
  std::uint32_t bits = 0;
  int count_of_bits = 0;
  for (const char digit : text.substr(0, text.find('='))) {
    const std::size_t value = digits.find(digit);
    REQUIRE(value != std::string_view::npos);
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    count_of_bits += 6;
    if (count_of_bits < 8) continue;
    count_of_bits -= 8;
    bytes.push_back(static_cast<std::uint8_t>(bits >> count_of_bits));
  }
  return bytes;
}

constexpr std::string_view facts_tag = "<script type=\"application/json\" class=\"picture\">";
constexpr std::string_view weights_tag = "<script type=\"text/plain\">";

// As the page reads them: steps of 1/65500, low byte first.
std::vector<float> stored_weights(std::string_view page) {
  const std::vector<std::uint8_t> bytes = from_base64(between(page, weights_tag, "</script>"));
  REQUIRE(bytes.size() % 2 == 0);
  std::vector<float> weights;
  for (std::size_t i = 0; i < bytes.size(); i += 2)
    weights.push_back(static_cast<float>(bytes[i] + 256 * bytes[i + 1]) / 65500);
  return weights;
}

const std::string hostile = "</text></script><script>alert(1)</script><!-- & \" ' ]]> \x01 \xff \xef\xbf\xbe";

AttentionPicture hostile_picture() {
  AttentionPicture picture = picture_with({"[CLS]", hostile, "##" + hostile, "b", "[SEP]"}, distinct_weights(1, 1, 5));
  picture.text = picture.model = hostile;
  return picture;
}

}  // namespace

TEST_CASE("the still picture says the weights between words, pieces joined") {
  const std::string svg = attention_svg(pizza(), 0, 0, 3);
  CHECK(has(svg, ">pizza</text>"));
  CHECK(has(svg, " gives 70% of its attention to "));
  CHECK(count(svg, ">70%</text>") == 1);
  CHECK(count(svg, ">6%</text>") == 1);
  CHECK(has(svg, "not shown, get 24%"));
  CHECK(has(svg, "Layer 1, head 1 of a model."));
  CHECK(count(svg, "class=\"link\"") == 2);
  CHECK_FALSE(has(svg, ">[CLS]</text>"));
}

TEST_CASE("a word looks by the mean of its pieces, whichever of them is asked for") {
  const AttentionPicture picture = picture_with({"it", "piz", "##za"}, {1, 0, 0, 0.6f, 0.2f, 0.2f, 0.2f, 0.5f, 0.3f});
  const std::string svg = attention_svg(picture, 0, 0, 1);
  CHECK(svg == attention_svg(picture, 0, 0, 2));
  CHECK(svg != attention_svg(picture, 0, 0, 0));
  CHECK(has(svg, "gives 60% of its attention to itself"));
  CHECK(has(svg, ">40%</text>"));
  CHECK_FALSE(has(svg, "not shown"));
}

TEST_CASE("the still picture picks the layer and the head, or the mean of the heads") {
  AttentionPicture picture = picture_with({"a", "b"}, {}, 2, 2);
  for (const float weight : {0.1f, 0.2f, 0.37f, 0.75f}) {
    picture.weights.insert(picture.weights.end(), {weight, 1 - weight});
    picture.weights.insert(picture.weights.end(), {0.5f, 0.5f});
  }
  CHECK(has(attention_svg(picture, 0, 1, 0), "gives 80% of"));
  CHECK(has(attention_svg(picture, 1, 0, 0), "gives 63% of"));
  CHECK(has(attention_svg(picture, 1, 1, 0), "gives 75% of its attention to itself"));
  const std::string mean = attention_svg(picture, 1, mean_of_heads, 0);
  CHECK(has(mean, "gives 56% of its attention to itself"));
  CHECK(has(mean, "Layer 2, mean of 2 heads of"));
}

TEST_CASE("the still picture is well-formed for any bytes") {
  const std::string svg = attention_svg(hostile_picture(), 0, 0, 1);
  CHECK(xml_fault(svg) == "");
  CHECK(count(svg, "<script") == 0);
  CHECK_FALSE(has(svg, "\x01"));
  CHECK_FALSE(has(svg, "\xff"));
  CHECK_FALSE(has(svg, "\xef\xbf\xbe"));
  CHECK(has(svg, "alert(1)"));
}

TEST_CASE("the check for well-formedness finds faults") {
  for (const char* xml : {"<a>&</a>", "<a>", "<a></b>", "</a>", "<a b=\"></a>", "<a", "<a>]]></a>", "<a <b/></a>"}) {
    CAPTURE(xml);
    CHECK(xml_fault(xml) != "");
  }
  CHECK(xml_fault("<a b=\"c\">&amp;<d/></a>") == "");
}

TEST_CASE("texts without words still give pictures") {
  CHECK(has(attention_svg(picture_with({}, {}), 0, 0, 0), "No words to show"));
  CHECK(xml_fault(attention_svg(picture_with({}, {}), 0, 0, 0)) == "");
  const std::string marks = attention_svg(picture_with({"[CLS]", "[SEP]"}, {0.9f, 0.1f, 0.5f, 0.5f}), 0, 0, 0);
  CHECK(has(marks, ">[CLS]</text>"));
  CHECK(has(marks, "gives 90% of its attention to itself"));
  const std::string hidden = attention_svg(pizza(), 0, 0, 0);  // [CLS] is not shown: the first word instead
  CHECK(hidden == attention_svg(pizza(), 0, 0, 1));
}

TEST_CASE("long texts go on in lines, and have no number that is not one") {
  const std::vector<std::string> tokens(400, "word");
  const std::string svg = attention_svg(picture_with(tokens, distinct_weights(1, 1, 400)), 0, 0, 200);
  CHECK(xml_fault(svg) == "");
  CHECK(count(svg, ">word</text>") == 400);
  CHECK(std::stod(std::string(between(svg, " height=\"", "\""))) > 2000);
  AttentionPicture broken = pizza();
  std::ranges::fill(broken.weights, std::numeric_limits<float>::quiet_NaN());
  CHECK_FALSE(has(attention_svg(broken, 0, 0, 3), "nan"));
}

TEST_CASE("words of a script from right to left run from right to left") {
  const auto first_before_second = [](const char* first, const char* second) {
    const std::string svg = attention_svg(picture_with({first, second}, {0.5f, 0.5f, 0.5f, 0.5f}), 0, 0, 0);
    const std::string_view words = std::string_view(svg).substr(svg.find("class=\"word"));
    const std::string_view rest = words.substr(words.find("</text>"));
    const std::string_view second_word = rest.substr(rest.find("class=\"word"));
    return std::stod(std::string(between(words, " x=\"", "\""))) <
           std::stod(std::string(between(second_word, " x=\"", "\"")));
  };
  CHECK(first_before_second("one", "two"));
  CHECK_FALSE(first_before_second("\u05d0\u05d1", "\u05d2"));
  CHECK_FALSE(first_before_second("\u0645\u0631", "\u0647"));
}

TEST_CASE("the weights in the page are in order, and exact to half a step") {
  const AttentionPicture picture = picture_with({"a", "b", "c", "d", "e", "f", "g"}, distinct_weights(2, 3, 7), 2, 3);
  const std::vector<float> stored = stored_weights(attention_html({picture}));
  REQUIRE(stored.size() == picture.weights.size());
  for (std::size_t i = 0; i < stored.size(); ++i) {
    CAPTURE(i);
    CHECK(std::abs(stored[i] - picture.weights[i]) <= 0.51f / 65500);
  }
}

TEST_CASE("both pictures tell the same whole percents, and the still one those of the weights") {
  constexpr int side = 300;
  std::vector<float> weights;
  for (int i = 0; i < side * side; ++i) weights.push_back(static_cast<float>(i) / (side * side - 1));
  const auto stored = stored_weights(attention_html({picture_with(std::vector<std::string>(side, "word"), weights)}));
  REQUIRE(stored.size() == weights.size());
  std::size_t different = 0;
  for (std::size_t i = 0; i < stored.size(); ++i) different += percent(stored[i]) != percent(weights[i]);
  CHECK(different == 0);
  CHECK(percent(0) == "0%");
  CHECK(percent(0.0049f) == "<1%");
  CHECK(percent(0.0051f) == "1%");
  CHECK(percent(0.125f) == "13%");
  CHECK(percent(1) == "100%");
}

TEST_CASE("weights that are not finite or too large do not spoil their row in the page") {
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  const AttentionPicture picture = picture_with({"a", "b"}, {nan, 0.5f, infinity, -infinity});
  const std::vector<float> stored = stored_weights(attention_html({picture}));
  CHECK(stored[0] == 0);
  CHECK(stored[1] == doctest::Approx(0.5).epsilon(1e-4));
  CHECK(stored[2] == 1);
  CHECK(stored[3] == 0);
}

TEST_CASE("no text ends the script element that holds it") {
  const std::string usual = attention_html({pizza()});
  const std::string page = attention_html({hostile_picture()});
  CHECK(count(page, "<") == count(usual, "<"));
  const std::string_view facts_text = between(page, facts_tag, "</script>");
  CHECK_FALSE(has(facts_text, "<"));
  const auto facts = nlohmann::json::parse(facts_text);
  const std::string text = facts["text"];
  CHECK(text.starts_with(hostile.substr(0, hostile.find('\xff'))));
  CHECK(facts["tokens"].size() == 5);
}

TEST_CASE("the page carries the facts of every picture, in order, and nothing from elsewhere") {
  AttentionPicture second = picture_with({"x"}, {1, 1, 1, 1}, 2, 2);
  second.best_layer = 1;
  second.best_head = mean_of_heads;
  const std::string page = attention_html({pizza(), second});
  CHECK(count(page, facts_tag) == 2);
  const std::string_view rest = std::string_view(page).substr(page.rfind(facts_tag));
  const auto facts = nlohmann::json::parse(between(rest, facts_tag, "</script>"));
  CHECK(facts["layer"] == 1);
  CHECK(facts["head"] == -1);
  CHECK(facts["token"] == 0);
  CHECK(facts["layers"] == 2);
  CHECK(facts["heads"] == 2);
  CHECK(count(page, " src=") == 0);
  CHECK(count(page, "rel=\"stylesheet\"") == 0);
  CHECK(count(page, "url(") == 0);
  CHECK(count(page, "http") == count(page, "http://www.w3.org/2000/svg"));
}

TEST_CASE("pages without pictures or without tokens are whole") {
  const std::string none = attention_html({});
  CHECK(none.ends_with("</html>\n"));
  CHECK(count(none, facts_tag) == 0);
  const std::string empty = attention_html({picture_with({}, {})});
  CHECK(between(empty, weights_tag, "</script>") == "");
}

TEST_CASE("the width of a text, and what of it fits") {
  CHECK(text_width("") == 0);
  CHECK(text_width("MMM") > text_width("iii"));
  CHECK(text_width("\u5317") == 1);
  CHECK(text_width("e\u0301") == text_width("e"));
  CHECK(shortened("pizza", 10) == "pizza");
  const std::string cut = shortened(std::string(50, 'x'), 10);
  CHECK(cut.starts_with("xxxx"));
  CHECK(cut.ends_with("\u2026"));
  CHECK(text_width(cut) <= 10);
  CHECK(text_width(cut) > 8);
}
