// SPDX-License-Identifier: Apache-2.0
// Every instruction set of the build that this machine runs.
#pragma once

#include <string>
#include <vector>

namespace qkv_test {

struct TierReport {
  std::vector<std::string> checked;
  std::vector<std::string> skipped;  // name and why
};

const TierReport& tier_report();

// "checked generic avx2 avx512, skipped none"
std::string summary(const TierReport& report);

// Names in QKV_REQUIRE_ISAS (separated by commas) that are not checked here.
std::vector<std::string> missing_tiers(const TierReport& report);

// Plans made during its life use this tier.
class TierScope {
 public:
  explicit TierScope(const std::string& name);
  ~TierScope();
  TierScope(const TierScope&) = delete;
  TierScope& operator=(const TierScope&) = delete;
};

// Of those that this machine runs, the tiers with f32 kernels of their own: avx512_bf16 has those of avx512.
template <typename Check>
void for_each_tier(const Check& check) {
  for (const std::string& tier : tier_report().checked) {
    if (tier == "avx512_bf16") continue;
    const TierScope scope(tier);
    check(tier);
  }
}

// Each has kernels of its own for quantised weights.
template <typename Check>
void for_each_quantized_tier(const Check& check) {
  for (const std::string& tier : tier_report().checked) {
    const TierScope scope(tier);
    check(tier);
  }
}

}  // namespace qkv_test
