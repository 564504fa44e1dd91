// SPDX-License-Identifier: Apache-2.0
#include "operations/floats.hpp"

namespace qkv::bench {
namespace {

// SplitMix64 (Steele et al. 2014) by counter: a gigabyte of operands should not take seconds.
uint64_t mixed(uint64_t counter) {
  uint64_t bits = counter * 0x9e3779b97f4a7c15ULL;
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9ULL;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebULL;
  return bits ^ (bits >> 31);
}

}  // namespace

Floats::Floats(int64_t count, uint64_t seed) : values_(static_cast<size_t>(count)) {
  constexpr float step = 2 * 1.7320508F / (1 << 24);
  uint64_t counter = seed << 40;
  for (float& value : values_) value = static_cast<float>(mixed(counter++) >> 40) * step - 1.7320508F;
}

Floats Floats::filled(int64_t count, float value) {
  Floats floats;
  floats.values_.assign(static_cast<size_t>(count), value);
  return floats;
}

int64_t random_below(int64_t bound, uint64_t seed) {
  return static_cast<int64_t>(mixed(seed) % static_cast<uint64_t>(bound));
}

}  // namespace qkv::bench
