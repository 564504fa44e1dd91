// SPDX-License-Identifier: Apache-2.0
#include "attend/read_texts.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>

#include "text/parse_json.hpp"
#include "text/quote.hpp"
#include "text/read_file.hpp"
#include "text/utf8.hpp"

namespace qkv::tools {
namespace {

constexpr std::size_t max_text_bytes = std::size_t{64} << 20;

std::string json_string(const std::string& line) {
  const nlohmann::json value = parse_json(line, 1);
  if (!value.is_string()) throw std::runtime_error("not a JSON string");
  return value.get<std::string>();
}

std::vector<std::string> json_strings(const std::vector<std::string>& lines, const std::string& name) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].find_first_not_of(" \t") == std::string::npos) continue;
    try {
      texts.push_back(json_string(lines[i]));
    } catch (const std::runtime_error& reason) {
      throw std::runtime_error(fmt::format("{} line {}: {}: {}", name, i + 1, reason.what(), quote(lines[i])));
    }
  }
  return texts;
}

std::vector<std::string> read_lines(std::istream& stream, const std::string& name) {
  const auto text = read_up_to(stream, max_text_bytes);
  if (stream.bad()) throw std::runtime_error(name + ": cannot be read");
  if (!text) throw std::runtime_error(fmt::format("{}: more than {} MB of text", name, max_text_bytes >> 20));
  return split_lines(*text);
}

}  // namespace

std::vector<std::string> read_text_lines(std::istream& stream, const std::string& name) {
  std::vector<std::string> lines = read_lines(stream, name);
  require_utf8(lines, name + " line");
  return lines;
}

void require_utf8(const std::vector<std::string>& texts, const std::string& name) {
  for (std::size_t i = 0; i < texts.size(); ++i)
    if (const auto byte = invalid_utf8(texts[i]))
      throw std::runtime_error(fmt::format("{} {}: not UTF-8 (byte {}): {}", name, i + 1, *byte + 1, quote(texts[i])));
}

std::vector<std::string> read_text_file(const std::filesystem::path& path) {
  const std::string name = "--input " + quote(path.string());
  if (std::filesystem::is_directory(path)) throw std::runtime_error(name + ": is a folder");
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw std::runtime_error(fmt::format("{}: {}", name, std::strerror(errno)));
  return path.extension() == ".jsonl" ? json_strings(read_lines(stream, name), name) : read_text_lines(stream, name);
}

}  // namespace qkv::tools
