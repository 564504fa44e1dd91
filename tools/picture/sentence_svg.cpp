// SPDX-License-Identifier: Apache-2.0
#include "picture/sentence_svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "picture/svg_text.hpp"

namespace qkv::tools {
namespace {

constexpr double font_size = 25;
constexpr double word_padding = 10;
constexpr double word_height = 40;
constexpr double line_height = 96;
constexpr double share_height = 24;
constexpr double tallest_arc = 150;
constexpr double tallest_between_lines = line_height - word_height - share_height;
constexpr double lowest_arc = 16;
constexpr std::size_t most_links = 24;

struct Box {
  double x, top, width;  // x: its middle
  bool has_share;
  double bottom() const { return top + word_height; }
  double foot() const { return bottom() + (has_share ? share_height : 0); }
};

struct Link {
  Box from, to;
  float weight;
};

bool is_drawn(float weight) {
  return weight >= smallest_drawn;
}

bool on_one_line(const std::vector<Box>& boxes) {
  return boxes.back().top == boxes.front().top;
}

double arc_height(double distance) {
  return std::min(tallest_arc, lowest_arc + 0.34 * distance);
}

double label_width(const PictureWord& word) {
  return text_width(word.label) * font_size + 2 * word_padding;
}

// Words side by side in lines, the first one at 0; a single line is centred.
std::vector<Box> placed(const std::vector<PictureWord>& words, double left, double right) {
  std::vector<Box> boxes;
  double x = left, top = 0;
  for (const PictureWord& word : words) {
    const double width = std::min(right - left, label_width(word));
    if (x + width > right && x > left) x = left, top += line_height;
    boxes.push_back({x + width / 2, top, width, false});
    x += width;
  }
  if (top == 0)
    for (Box& box : boxes) box.x += (right - x) / 2;
  return boxes;
}

void mirror(std::vector<Box>& boxes, double left, double right) {
  for (Box& box : boxes) box.x = left + right - box.x;
}

// What arcs take above the first line.
double headroom(const std::vector<Box>& boxes, const std::vector<float>& weights, std::size_t from) {
  if (!on_one_line(boxes)) return tallest_between_lines;
  double height = 2 * lowest_arc;
  for (std::size_t to = 0; to < boxes.size(); ++to)
    if (is_drawn(weights[to])) height = std::max(height, arc_height(std::abs(boxes[from].x - boxes[to].x)));
  return height + 12;
}

std::string bend(double x, double start, double end, double to_x, double control, double to_control) {
  return fmt::format("M{:.1f} {:.1f}C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}", x, start, x, control, to_x, to_control,
                     to_x, end);
}

// An arc above the line; between lines an S; from a word to itself a loop.
std::string curve(const Box& from, const Box& to, double tallest) {
  if (from.top != to.top) {
    const auto [start, end] = from.top < to.top ? std::pair(from.foot(), to.top) : std::pair(from.top, to.foot());
    const double middle = (start + end) / 2;
    return bend(from.x, start, end, to.x, middle, middle);
  }
  if (from.x == to.x) return fmt::format("M{:.1f} {:.1f}c-16 -44 40 -44 24 0", from.x - 12, from.top);
  // The top of a cubic is at 3/4 of the height of its control points.
  const double control = from.top - std::min(tallest, arc_height(std::abs(from.x - to.x))) * 4 / 3;
  return bend(from.x, from.top, to.top, to.x, control, control);
}

// The heaviest last, on top.
std::vector<Link> links_from(std::size_t from, const std::vector<Box>& boxes, const std::vector<float>& weights) {
  std::vector<Link> links;
  for (std::size_t to = 0; to < boxes.size(); ++to)
    if (is_drawn(weights[to])) links.push_back({boxes[from], boxes[to], weights[to]});
  std::ranges::sort(links, {}, &Link::weight);
  if (links.size() > most_links) links.erase(links.begin(), links.end() - most_links);
  return links;
}

std::string link_svg(const Link& link, double tallest) {
  return fmt::format("<path class=\"link\" stroke-width=\"{:.1f}\" opacity=\"{:.2f}\" d=\"{}\"/>\n",
                     1.2f + 16 * link.weight, 0.25f + 0.6f * std::sqrt(link.weight),
                     curve(link.from, link.to, tallest));
}

std::string word_svg(const PictureWord& word, const Box& box, float weight, bool is_from) {
  const bool is_dark = is_from || weight > 0.7f;
  std::string out;
  if (is_from || is_drawn(weight))
    out = fmt::format(
        "<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{}\" rx=\"9\" "
        "opacity=\"{:.2f}\"/>\n",
        is_from ? "from" : "to", box.x - box.width / 2, box.top, box.width, word_height, is_from ? 1 : weight);
  const std::string squeezed =
      fmt::format(" textLength=\"{:.1f}\" lengthAdjust=\"spacingAndGlyphs\"", box.width - 2 * word_padding);
  return out + fmt::format("<text class=\"word{}\" x=\"{:.1f}\" y=\"{:.1f}\"{}>{}</text>\n", is_dark ? " on" : "",
                           box.x, box.top + 28, label_width(word) > box.width ? squeezed : "", xml_text(word.label));
}

std::string share_svg(const Box& box, float weight, bool is_most) {
  return fmt::format("<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", is_most ? "most" : "share", box.x,
                     box.bottom() + 19, xml_text(percent(weight)));
}

}  // namespace

SentenceSvg sentence_svg(const std::vector<PictureWord>& words, const std::vector<float>& weights, std::size_t from,
                         double left, double right, double top) {
  std::vector<Box> boxes = placed(words, left, right);
  if (is_right_to_left(words.front().label)) mirror(boxes, left, right);
  const double first_line = top + headroom(boxes, weights, from);
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    boxes[i].top += first_line;
    boxes[i].has_share = is_drawn(weights[i]);
  }
  const double tallest = on_one_line(boxes) ? tallest_arc : tallest_between_lines;
  const float largest = *std::ranges::max_element(weights);
  std::string out;
  for (const Link& link : links_from(from, boxes, weights)) out += link_svg(link, tallest);
  for (std::size_t i = 0; i < words.size(); ++i) {
    out += word_svg(words[i], boxes[i], weights[i], i == from);
    if (boxes[i].has_share) out += share_svg(boxes[i], weights[i], weights[i] == largest);
  }
  return {out, boxes.back().bottom() + share_height};
}

}  // namespace qkv::tools
