// SPDX-License-Identifier: Apache-2.0
// The word pieces of a model and their ids, from vocab.txt: one piece per line, the id is the line number from 0.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace qkv::tools {

class Vocabulary {
 public:
  // Throws std::runtime_error if [PAD], [UNK], [CLS], [SEP] or [MASK] is missing.
  explicit Vocabulary(std::vector<std::string> pieces);

  static Vocabulary from_file(const std::filesystem::path& path);

  std::int64_t size() const { return static_cast<std::int64_t>(pieces_.size()); }
  const std::string& piece(std::int64_t id) const { return pieces_[static_cast<std::size_t>(id)]; }
  std::optional<std::int64_t> find(std::string_view piece) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  std::vector<std::string> pieces_;
  std::unordered_map<std::string, std::int64_t, Hash, std::equal_to<>> ids_;
};

}  // namespace qkv::tools
