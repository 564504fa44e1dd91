// SPDX-License-Identifier: Apache-2.0
#include "qkv/isa.h"

#include "api/error.hpp"
#include "dispatch/isa_registry.hpp"

namespace {

constinit thread_local qkv_isa_description description = {};

}  // namespace

const qkv_isa_description* qkv_isa_at(int32_t index) {
  if (index < 0 || index >= qkv::tier_count()) return nullptr;
  const qkv::KernelTable& table = qkv::tier_table(index);
  const char* missing = qkv::tier_missing(index);
  description = {table.isa, *missing == '\0', missing, table.vector_bits, table.register_count};
  return &description;
}

const char* qkv_isa_active(void) {
  return qkv::tier_table(qkv::active_tier()).isa;
}

qkv_status qkv_isa_set_max(const char* name) {
  const bool lift = name == nullptr || *name == '\0';
  const int32_t tier = lift ? qkv::tier_count() - 1 : qkv::tier_named(name);
  if (tier < 0) return qkv::fail(QKV_INVALID_ARGUMENT, "name = \"%s\": this build has no such tier", name);
  qkv::cap_tiers(tier);
  return QKV_OK;
}
