// SPDX-License-Identifier: Apache-2.0
#include "text/read_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <stdexcept>

#include "text/quote.hpp"

namespace qkv::tools {

std::optional<std::string> read_up_to(std::istream& stream, std::size_t max_bytes) {
  std::string text;
  std::array<char, 65536> chunk;
  while (stream.read(chunk.data(), chunk.size()) || stream.gcount() > 0) {
    text.append(chunk.data(), static_cast<std::size_t>(stream.gcount()));
    if (text.size() > max_bytes) return std::nullopt;
  }
  return text;
}

std::string read_file(const std::filesystem::path& path, std::size_t max_bytes) {
  const std::string name = quote(path.string());
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) throw std::runtime_error(name + ": no such file");
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw std::runtime_error(name + ": cannot be read");
  auto text = read_up_to(stream, max_bytes);
  if (stream.bad()) throw std::runtime_error(name + ": cannot be read");
  if (!text) throw std::runtime_error(fmt::format("{}: more than {} bytes", name, max_bytes));
  return std::move(*text);
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.emplace_back(line);
  }
  return lines;
}

}  // namespace qkv::tools
