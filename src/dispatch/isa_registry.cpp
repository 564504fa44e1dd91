// SPDX-License-Identifier: Apache-2.0
#include "dispatch/isa_registry.hpp"

#include <atomic>
#include <cstdlib>
#include <cstring>

#include "dispatch/cpu_features.hpp"

namespace qkv {

namespace generic {
extern const KernelTable kernel_table;
}
#if defined(__x86_64__)
namespace avx2 {
extern const KernelTable kernel_table;
}
namespace avx512 {
extern const KernelTable kernel_table;
}
namespace avx512_bf16 {
extern const KernelTable kernel_table;
}
#elif defined(__aarch64__)
namespace neon {
extern const KernelTable kernel_table;
}
#endif

namespace {

struct Tier {
  const KernelTable* table;
  const char* (*missing)();
};

// From the plainest to the best. The order is the order of preference.
constexpr Tier tiers[] = {
    {&generic::kernel_table, missing_for_generic},
#if defined(__x86_64__)
    {&avx2::kernel_table, missing_for_avx2},
    {&avx512::kernel_table, missing_for_avx512},
    {&avx512_bf16::kernel_table, missing_for_avx512_bf16},
#elif defined(__aarch64__)
    {&neon::kernel_table, missing_for_neon},
#endif
};
constexpr int32_t tiers_in_build = sizeof tiers / sizeof tiers[0];

// Answers so far; null: not asked yet. CPUID, which traps in a virtual machine and takes 30 us there, is asked once.
// Two threads that ask at once find the same.
constinit std::atomic<const char*> answers[tiers_in_build]{};

int32_t best_tier_of_machine() {
  int32_t best = 0;
  for (int32_t tier = 1; tier < tiers_in_build; tier++) {
    if (*tier_missing(tier) == '\0') best = tier;
  }
  const char* cap = std::getenv("QKV_MAX_ISA");
  if (cap == nullptr || *cap == '\0') return best;
  const int32_t capped = tier_named(cap);
  return capped < 0 ? 0 : (capped < best ? capped : best);
}

// -1: not looked at yet. Two threads that look at once find the same.
std::atomic<int32_t> machine_tier{-1};
std::atomic<int32_t> requested_cap{tiers_in_build - 1};

int32_t machine_limit() {
  int32_t tier = machine_tier.load(std::memory_order_relaxed);
  if (tier < 0) {
    tier = best_tier_of_machine();
    machine_tier.store(tier, std::memory_order_relaxed);
  }
  return tier;
}

}  // namespace

int32_t tier_count() {
  return tiers_in_build;
}

int32_t tier_named(const char* name) {
  for (int32_t tier = 0; tier < tiers_in_build; tier++) {
    if (std::strcmp(tiers[tier].table->isa, name) == 0) return tier;
  }
  return -1;
}

const KernelTable& tier_table(int32_t tier) {
  return *tiers[tier].table;
}

const char* tier_missing(int32_t tier) {
  const char* missing = answers[tier].load(std::memory_order_relaxed);
  if (missing == nullptr) {
    missing = tiers[tier].missing();
    answers[tier].store(missing, std::memory_order_relaxed);
  }
  return missing;
}

void cap_tiers(int32_t highest) {
  requested_cap.store(highest, std::memory_order_relaxed);
}

int32_t active_tier() {
  const int32_t limit = machine_limit(), cap = requested_cap.load(std::memory_order_relaxed);
  return cap < limit ? cap : limit;
}

KernelSet kernels_of_tier(int32_t tier) {
  return kernels_from(tier_table, tier);
}

}  // namespace qkv
