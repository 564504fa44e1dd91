// SPDX-License-Identifier: Apache-2.0
#include "attend/read_texts.hpp"

#include <fmt/format.h>

#include <fstream>
#include <stdexcept>
#include <utility>

#include "text/parse_json.hpp"
#include "text/quote.hpp"
#include "text/utf8.hpp"

namespace qkv::tools {
namespace {

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

}  // namespace

std::vector<std::string> read_lines(std::istream& stream) {
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) {
    if (line.ends_with('\r')) line.pop_back();
    lines.push_back(std::move(line));
  }
  return lines;
}

void require_utf8(const std::vector<std::string>& texts, const std::string& name) {
  for (std::size_t i = 0; i < texts.size(); ++i)
    if (const auto byte = invalid_utf8(texts[i]))
      throw std::runtime_error(fmt::format("{} {}: not UTF-8 (byte {}): {}", name, i + 1, *byte + 1, quote(texts[i])));
}

std::vector<std::string> read_text_file(const std::filesystem::path& path) {
  const std::string name = quote(path.string());
  if (std::filesystem::is_directory(path)) throw std::runtime_error(name + ": is a folder");
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw std::runtime_error(name + ": cannot be read");
  std::vector<std::string> lines = read_lines(stream);
  if (stream.bad()) throw std::runtime_error(name + ": cannot be read");
  if (path.extension() == ".jsonl") return json_strings(lines, name);
  require_utf8(lines, name + " line");
  return lines;
}

}  // namespace qkv::tools
