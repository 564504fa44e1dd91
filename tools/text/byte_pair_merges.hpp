// SPDX-License-Identifier: Apache-2.0
// Byte-pair encoding (Sennrich et al. 2016): of all neighbours in a word that some merge joins, the earliest merge of
// the list is applied first, the leftmost pair of equals, until no merge applies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

namespace qkv::tools {

class BytePairMerges {
 public:
  struct Merge {
    std::size_t rank;  // its place in the list
    std::int32_t merged;
  };

  void add(std::int32_t left, std::int32_t right, Merge merge) { merges_[key(left, right)] = merge; }
  std::optional<Merge> find(std::int32_t left, std::int32_t right) const;

  // The tokens that a word's symbols become, in time O(n log n) for n symbols.
  std::vector<std::int32_t> apply(const std::vector<std::int32_t>& symbols) const;

 private:
  static std::uint64_t key(std::int32_t left, std::int32_t right) {
    return std::uint64_t{static_cast<std::uint32_t>(left)} << 32 | static_cast<std::uint32_t>(right);
  }

  std::unordered_map<std::uint64_t, Merge> merges_;
};

}  // namespace qkv::tools
