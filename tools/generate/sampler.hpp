// SPDX-License-Identifier: Apache-2.0
// Chooses the next token from logits.
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <utility>
#include <vector>

namespace qkv::tools {

struct Sampling {
  float temperature = 0;   // logits are divided by it; 0: always the likeliest token
  std::int64_t top_k = 0;  // only the k likeliest; 0: all
  float top_p = 1;         // of those, the fewest that have this probability together (Holtzman et al. 2020)
  std::uint64_t seed = 1;
};

struct Candidate {
  std::int64_t id;
  float logit;
};

// The likeliest `count` first; equal logits in order of their ids.
std::vector<Candidate> top_candidates(std::span<const float> logits, std::size_t count);

class Sampler {
 public:
  explicit Sampler(const Sampling& sampling) : sampling_(sampling), generator_(sampling.seed) {}

  std::int64_t choose(std::span<const float> logits);

 private:
  Sampling sampling_;
  std::mt19937_64 generator_;
};

}  // namespace qkv::tools
