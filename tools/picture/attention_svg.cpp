// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "picture/attention_picture.hpp"
#include "picture/svg_text.hpp"
#include "picture/words.hpp"

namespace qkv::tools {
namespace {

constexpr double page_width = 960;
constexpr double margin = 40;
constexpr double font_size = 25;
constexpr double word_padding = 10;
constexpr double word_height = 40;
constexpr double heading_height = 104;
constexpr double line_height = 96;
constexpr double tallest_arc = 150;
constexpr double lowest_arc = 16;
constexpr float smallest_drawn = 0.01f;
constexpr std::size_t most_lines = 24;

constexpr const char* style = R"(<style>
  svg { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif }
  .card { fill: #fff; stroke: #d8dce4 } text { fill: #191d26 } .quiet { fill: #5d6675; font-size: 16px }
  .word { font-size: 25px } .share { fill: #5d6675; font-size: 14px } .most { fill: #3354d1; font-size: 17px; font-weight: 700 }
  .link { fill: none; stroke: #3354d1; stroke-linecap: round } .shade { fill: #3354d1 }
  .from { fill: #c2410c } .to { fill: #3354d1 } .on { fill: #fff }
  @media (prefers-color-scheme: dark) {
    .card { fill: #171b24; stroke: #2b313d } text { fill: #eceef3 } .quiet, .share { fill: #9aa4b5 }
    .most, .to, .shade { fill: #8da6ff } .link { stroke: #8da6ff } .from { fill: #fb923c } .on { fill: #0e1117 }
  }
</style>
)";

struct Box {
  double x, top, width;  // x: its middle
  double bottom() const { return top + word_height; }
};

struct Link {
  Box from, to;
  float weight;
};

template <typename... Args>
void append(std::string& out, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
}

std::string percent(float weight) { return fmt::format("{:.0f}%", 100 * weight); }

double arc_height(double distance) { return std::min(tallest_arc, lowest_arc + 0.34 * distance); }

// Words side by side from left to right, in lines; a single line is centred.
std::vector<Box> placed(const std::vector<PictureWord>& words) {
  constexpr double room = page_width - 2 * margin;
  std::vector<Box> boxes;
  double x = 0, top = 0;
  for (const PictureWord& word : words) {
    const double width = std::min(room, text_width(word.label) * font_size + 2 * word_padding);
    if (x + width > room) x = 0, top += line_height;
    boxes.push_back({margin + x + width / 2, top, width});
    x += width;
  }
  if (top == 0)
    for (Box& box : boxes) box.x += (room - x) / 2;
  return boxes;
}

// The headroom of the first line: all that arcs on a single line take, or the gap between lines.
double headroom(const std::vector<Box>& boxes, const std::vector<float>& weights, std::size_t from) {
  if (boxes.back().top > 0) return line_height - word_height;
  double height = 2 * lowest_arc;
  for (std::size_t to = 0; to < boxes.size(); ++to)
    if (weights[to] >= smallest_drawn) height = std::max(height, arc_height(std::abs(boxes[from].x - boxes[to].x)));
  return height + 12;
}

// An arc above the line; between lines an S; from a word to itself a loop.
std::string curve(const Box& from, const Box& to, double highest) {
  if (from.top != to.top) {
    const auto [start, end] =
        from.top < to.top ? std::pair(from.bottom(), to.top) : std::pair(from.top, to.bottom());
    const double middle = (start + end) / 2;
    return fmt::format("M{:.1f} {:.1f}C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}", from.x, start, from.x, middle, to.x,
                       middle, to.x, end);
  }
  if (from.x == to.x) return fmt::format("M{:.1f} {:.1f}c-16 -26 26 -26 10 0", from.x - 5, from.top);
  // The top of a cubic is at 3/4 of the height of its control points.
  const double control = from.top - std::min(highest, arc_height(std::abs(from.x - to.x))) * 4 / 3;
  return fmt::format("M{:.1f} {:.1f}C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}", from.x, from.top, from.x, control, to.x,
                     control, to.x, to.top);
}

// The heaviest last, on top.
std::string drawn_links(const std::vector<Box>& boxes, const std::vector<float>& weights, std::size_t from,
                        double highest) {
  std::vector<Link> links;
  for (std::size_t to = 0; to < boxes.size(); ++to)
    if (weights[to] >= smallest_drawn) links.push_back({boxes[from], boxes[to], weights[to]});
  std::ranges::sort(links, {}, &Link::weight);
  if (links.size() > most_lines) links.erase(links.begin(), links.end() - most_lines);
  std::string out;
  for (const Link& link : links)
    append(out, "<path class=\"link\" stroke-width=\"{:.1f}\" opacity=\"{:.2f}\" d=\"{}\"/>\n", 1.2f + 16 * link.weight,
           0.25f + 0.6f * std::sqrt(link.weight), curve(link.from, link.to, highest));
  return out;
}

std::string drawn_word(const PictureWord& word, const Box& box, float weight, bool is_from, bool is_most) {
  std::string out;
  if (is_from || weight >= smallest_drawn)
    append(out, "<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{}\" rx=\"9\" opacity=\"{:.2f}\"/>\n",
           is_from ? "from" : "shade", box.x - box.width / 2, box.top, box.width, word_height, is_from ? 1 : weight);
  append(out, "<text class=\"word{}\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\"{}>{}</text>\n",
         is_from || weight > 0.45f ? " on" : "", box.x, box.top + 28,
         text_width(word.label) * font_size > box.width
             ? fmt::format(" textLength=\"{:.1f}\" lengthAdjust=\"spacingAndGlyphs\"", box.width - 2 * word_padding)
             : "",
         xml_text(word.label));
  if (weight >= smallest_drawn)
    append(out, "<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>\n",
           is_most ? "most" : "share", box.x, box.bottom() + 19, percent(weight));
  return out;
}

}  // namespace

}  // namespace qkv::tools
