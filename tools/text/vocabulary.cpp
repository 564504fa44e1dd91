// SPDX-License-Identifier: Apache-2.0
#include "text/vocabulary.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

#include "text/quote.hpp"
#include "text/read_file.hpp"
#include "text/special_tokens.hpp"

namespace qkv::tools {

Vocabulary::Vocabulary(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {
  ids_.reserve(pieces_.size());
  for (std::size_t id = 0; id < pieces_.size(); ++id) ids_[pieces_[id]] = static_cast<std::int64_t>(id);
  for (const std::string_view token : special_tokens)
    if (!find(token)) throw std::runtime_error(fmt::format("the vocabulary has no {}", token));
}

Vocabulary Vocabulary::from_file(const std::filesystem::path& path) {
  constexpr std::size_t max_bytes = std::size_t{64} << 20;
  std::vector<std::string> pieces = split_lines(read_file(path, max_bytes));
  try {
    return Vocabulary(std::move(pieces));
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(fmt::format("{}: {}", quote(path.string()), error.what()));
  }
}

std::optional<std::int64_t> Vocabulary::find(std::string_view piece) const {
  const auto found = ids_.find(piece);
  if (found == ids_.end()) return std::nullopt;
  return found->second;
}

}  // namespace qkv::tools
