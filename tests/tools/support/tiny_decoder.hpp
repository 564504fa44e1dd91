// SPDX-License-Identifier: Apache-2.0
// Small decoders with random weights: as a GGUF file, and in double precision with plain loops.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/support/gguf_writer.hpp"

namespace qkv_test {

struct TinyDecoder {
  std::string architecture = "llama";
  std::int64_t layers = 2, hidden = 24, feed_forward = 40, vocabulary = 30, context = 64;
  std::int64_t query_heads = 4, key_heads = 2, head_dim = 6, rotary_dim = 6;
  bool tied = true, biased = false;
  float base = 10000, linear_factor = 0;  // 0: rotary positions are not scaled
  bool rope_divisors = false;
  std::string extra_tensor = "";  // [hidden] ones, under this name
  std::string extra_count = "";   // a value 8 under ARCHITECTURE.name
  std::uint64_t seed = 1;

  std::string bytes() const;

  // After every one of the ids: [ids][vocabulary].
  std::vector<std::vector<double>> logits(const std::vector<std::int64_t>& ids) const;
};

}  // namespace qkv_test
