// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "picture/attention_picture.hpp"
#include "picture/page_parts.hpp"

namespace qkv::tools {
namespace {

// Half a percent is 327.5 of them: no whole percent changes when a weight is rounded to steps first.
constexpr double steps = 65500;

// NaN is drawn as nothing.
double drawable(float weight) {
  return weight > 0 ? std::min(weight, 1.0f) : 0.0f;
}

// RFC 4648, section 4.
std::string base64(std::string_view bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t start = 0; start < bytes.size(); start += 3) {
    const std::string_view group = bytes.substr(start, 3);
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i)
      bits = bits << 8 | (i < group.size() ? static_cast<std::uint8_t>(group[i]) : 0u);
    for (std::size_t i = 0; i < 4; ++i) out += i <= group.size() ? digits[bits >> (18 - 6 * i) & 63] : '=';
  }
  return out;
}

// Two bytes each, low one first.
std::string stored_weights(const AttentionPicture& picture) {
  std::string bytes;
  bytes.reserve(2 * picture.weights.size());
  for (const float weight : picture.weights) {
    const auto stored = static_cast<std::uint32_t>(std::lround(drawable(weight) * steps));
    bytes += static_cast<char>(stored & 0xff);
    bytes += static_cast<char>(stored >> 8);
  }
  return base64(bytes);
}

// "<" could end the script element that holds the JSON or open a comment in it; it only occurs inside strings.
std::string script_safe(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  for (const char c : json) c == '<' ? out += "\\u003c" : out += c;
  return out;
}

// The facts, then the weights.
void append_picture(std::string& page, const AttentionPicture& picture) {
  const nlohmann::ordered_json facts = {
      {"model", picture.model},      {"text", picture.text},        {"tokens", picture.tokens},
      {"words", picture.words},      {"word_of", picture.word_of},  {"layers", picture.layers},
      {"heads", picture.heads},      {"layer", picture.best_layer}, {"head", picture.best_head},
      {"token", picture.from_token},
  };
  page += "<script type=\"application/json\" class=\"picture\">";
  page += script_safe(facts.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  page += "</script>\n<script type=\"text/plain\">";
  page += stored_weights(picture);
  page += "</script>\n";
}

}  // namespace

std::string attention_html(const std::vector<AttentionPicture>& pictures) {
  std::string page(page_before_pictures);
  for (const AttentionPicture& picture : pictures) append_picture(page, picture);
  return page.append(page_after_pictures);
}

}  // namespace qkv::tools
