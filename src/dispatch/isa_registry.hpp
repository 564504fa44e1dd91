// SPDX-License-Identifier: Apache-2.0
// The tiers of this build and the kernels of the tier in use.
#pragma once

#include "kernels/kernel_table.hpp"

namespace qkv {

// One kernel family and the tier it comes from; `isa` outlives everything.
template <class Kernels>
struct Choice {
  const Kernels* kernels;
  const char* isa;
};

// The kernels of a tier, with what it lacks taken from the tiers below.
struct KernelSet {
  Choice<AttentionKernels> attention;
  Choice<KvKernels> kv;
  Choice<MatmulKernels> matmul;
  Choice<RowKernels> rows;
  Choice<QuantizedKernels> quantized;
};

template <class Kernels, class TableOf>
Choice<Kernels> family_from(const TableOf& table_of, int32_t tier, const Kernels* KernelTable::*family) {
  while (tier > 0 && table_of(tier).*family == nullptr) tier--;
  return {table_of(tier).*family, table_of(tier).isa};
}
// table_of(tier) is a KernelTable; that of tier 0 lacks nothing.
template <class TableOf>
KernelSet kernels_from(const TableOf& table_of, int32_t tier) {
  return {family_from(table_of, tier, &KernelTable::attention), family_from(table_of, tier, &KernelTable::kv),
          family_from(table_of, tier, &KernelTable::matmul), family_from(table_of, tier, &KernelTable::rows),
          family_from(table_of, tier, &KernelTable::quantized)};
}

int32_t tier_count();
int32_t tier_named(const char* name);  // -1 if this build has none of that name
const KernelTable& tier_table(int32_t tier);
const char* tier_missing(int32_t tier);  // why this machine cannot run it; "" if it can
void cap_tiers(int32_t highest);

// The best tier that CPU, environment and qkv_isa_set_max allow.
int32_t active_tier();

KernelSet kernels_of_tier(int32_t tier);
inline KernelSet active_kernels() {
  return kernels_of_tier(active_tier());
}

}  // namespace qkv
