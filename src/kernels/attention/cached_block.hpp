// SPDX-License-Identifier: Apache-2.0
// A block of keys as decode finds it in a cache: where its groups of 16 tokens lie, and which tokens some row sees.
#pragma once

#include "kernels/attention/operands.hpp"
#include "kernels/kv_cache/groups.hpp"

namespace qkv::QKV_ISA {
namespace {

struct CachedBlock {
  const char *key[max_keys_per_block / key_group], *value[max_keys_per_block / key_group];
  int64_t begin, end;   // keys; begins at a multiple of the block's length, so that lanes depend on nothing else
  int64_t first, last;  // relative to `begin`: keys that some row sees. The pages of others are not touched
};

inline void find_block(const HeadGroups& groups, KeyRange any, KeyRange keys, CachedBlock& block) {
  block.begin = keys.begin;
  block.end = keys.end;
  block.first = larger(any.begin, keys.begin) - keys.begin;
  block.last = smaller(any.end, keys.end) - keys.begin;
  for (int64_t g = block.first / key_group; g * key_group < block.last; g++) {
    block.key[g] = groups.keys(keys.begin + g * key_group);
    block.value[g] = groups.values(keys.begin + g * key_group);
  }
}

// function(group, first, last) for the groups of keys that some row sees, relative to the block.
template <class Function>
QKV_INLINE void for_seen_groups(const CachedBlock& block, Function&& function) {
  for (int64_t g = block.first / key_group; g * key_group < block.last; g++) {
    function(g, larger(block.first, g * key_group), smaller(block.last, (g + 1) * key_group));
  }
}

}  // namespace
}  // namespace qkv::QKV_ISA
