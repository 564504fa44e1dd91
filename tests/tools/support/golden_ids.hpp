// SPDX-License-Identifier: Apache-2.0
// Checks the ids of very many texts against digests that tools/golden_texts.py made.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace qkv_test {

// FNV-1a over 32-bit words: the ids of each text and an end mark.
class Digest {
 public:
  void add(const std::vector<std::int64_t>& ids);
  std::string hex() const;

 private:
  void add_word(std::uint32_t word) { state_ = (state_ ^ word) * 0x100000001B3; }

  std::uint64_t state_ = 0xCBF29CE484222325;
};

using Encode = std::function<std::vector<std::int64_t>(std::string_view)>;

// Every code point in every surrounding of golden["sweeps"]; a run with QKV_TEST_CASES does a part.
void check_sweeps(const nlohmann::json& golden, const Encode& encode);

// The random texts of golden["random"]; a run with QKV_TEST_CASES does a part.
void check_random_texts(const nlohmann::json& golden, const Encode& encode);

}  // namespace qkv_test
