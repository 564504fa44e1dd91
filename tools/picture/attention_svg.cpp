// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "picture/attention_picture.hpp"
#include "picture/sentence_svg.hpp"
#include "picture/svg_text.hpp"
#include "picture/words.hpp"

namespace qkv::tools {
namespace {

constexpr double page_width = 960;
constexpr double margin = 40;
constexpr double heading_height = 104;
constexpr double footer_height = 56;
constexpr double heading_size = 30;
constexpr double widest_name = 17;  // in units of the font size
constexpr double bold = 1.1;        // times the width of regular text

constexpr const char* style = R"(<style>
  svg { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif }
  text { fill: #191d26; text-anchor: middle } .heading { font-weight: 700 }
  .card { fill: #fff; stroke: #d8dce4 } .quiet { fill: #5d6675; font-size: 16px }
  .word { font-size: 25px } .share { fill: #5d6675; font-size: 14px }
  .most { fill: #3354d1; font-size: 17px; font-weight: 700 }
  .link { fill: none; stroke: #3354d1; stroke-linecap: round }
  .from { fill: #c2410c } .to { fill: #3354d1 } .on { fill: #fff }
  @media (prefers-color-scheme: dark) {
    .card { fill: #171b24; stroke: #2b313d } text { fill: #eceef3 } .quiet, .share { fill: #9aa4b5 }
    .most, .to { fill: #8da6ff } .link { stroke: #8da6ff } .from { fill: #fb923c } .on { fill: #0e1117 }
  }
</style>
)";

std::string span(const char* css_class, const std::string& xml) {
  return fmt::format("<tspan class=\"{}\">{}</tspan>", css_class, xml);
}

std::string map_name(int layer, int head, int heads) {
  return head == mean_of_heads ? fmt::format("Layer {}, mean of {} heads", layer + 1, heads)
                               : fmt::format("Layer {}, head {}", layer + 1, head + 1);
}

// The word of the token; the first one if the token is a mark that is not shown.
std::size_t word_of(const std::vector<PictureWord>& words, std::size_t token) {
  const auto found =
      std::ranges::find_if(words, [&](const PictureWord& word) { return token - word.first_token < word.token_count; });
  return found == words.end() ? 0 : static_cast<std::size_t>(found - words.begin());
}

std::string quiet_line(double y, const std::string& xml) {
  return fmt::format("<text class=\"quiet\" x=\"{}\" y=\"{:.1f}\">{}</text>\n", page_width / 2, y, xml);
}

// Isolated (U+2068, U+2069): the direction of its script must not turn the sentence around it.
std::string quoted(const char* css_class, const std::string& word) {
  return span(css_class, "“\u2068" + xml_text(word) + "\u2069”");
}

// What the picture says, in a sentence that is made to fit.
std::string heading(const std::vector<PictureWord>& words, const std::vector<float>& weights, std::size_t from) {
  const auto most = static_cast<std::size_t>(std::ranges::max_element(weights) - weights.begin());
  const std::string share = " gives " + percent(weights[most]) + " of its attention to ";
  const std::string looker = shortened(words[from].label, widest_name);
  const std::string target = shortened(words[most].label, widest_name);
  const double width = bold * text_width("“" + looker + "”" + share + "“" + target + "”");
  const double size = std::min(heading_size, (page_width - 2 * margin) / width);
  return fmt::format("<text class=\"heading\" font-size=\"{:.1f}\" x=\"{}\" y=\"58\">{}{}{}</text>\n", size,
                     page_width / 2, quoted("from", looker), xml_text(share),
                     most == from ? "itself" : quoted("to", target));
}

std::string explanation(const std::vector<float>& weights) {
  const float hidden = 1 - std::reduce(weights.begin(), weights.end());
  return span("from", "Orange") + " looks at " + span("to", "blue") +
         (hidden < smallest_drawn ? std::string()
                                  : fmt::format("; the marks [CLS] and [SEP] around the text, not shown, get {}",
                                                xml_text(percent(hidden))));
}

std::string document(double height, const std::string& title, const std::string& elements) {
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1:.0f}\" viewBox=\"0 0 {0} {1:.0f}\" "
      "role=\"img\">\n<title>{2}</title>\n{3}"
      "<rect class=\"card\" x=\"0.5\" y=\"0.5\" width=\"{4}\" height=\"{5:.0f}\" rx=\"18\"/>\n{6}</svg>\n",
      page_width, height, title, style, page_width - 1, height - 1, elements);
}

}  // namespace

std::string attention_svg(const AttentionPicture& picture, int layer, int head, int from_token) {
  const std::vector<PictureWord> words = picture_words(picture);
  const std::string title = "Attention: " + xml_text(picture.text);
  if (words.empty()) return document(heading_height, title, quiet_line(heading_height / 2, "No words to show"));
  const std::size_t from = word_of(words, static_cast<std::size_t>(from_token));
  const std::vector<float> weights = word_weights(picture, words, layer, head, words[from]);
  const SentenceSvg sentence = sentence_svg(words, weights, from, margin, page_width - margin, heading_height);
  const std::string place = fmt::format("{} of {}. The thicker a line, the larger the share.",
                                        map_name(layer, head, picture.heads), xml_text(picture.model));
  return document(sentence.bottom + footer_height, title,
                  heading(words, weights, from) + quiet_line(88, place) + sentence.elements +
                      quiet_line(sentence.bottom + 28, explanation(weights)));
}

}  // namespace qkv::tools
