// SPDX-License-Identifier: Apache-2.0
// A cache in guarded memory: pages in random order with unused ones between them, everything poisoned before tokens are
// appended.
#pragma once

#include <optional>

#include "support/execution.hpp"
#include "support/staged_tensor.hpp"

namespace qkv_test {

struct CacheChoice {
  int32_t key_dtype = QKV_F32, value_dtype = QKV_F32;
  int64_t page_size = 64;  // 0: contiguous, one page per sequence and no table
  uint64_t seed = 1;
  Placement placement = Placement::back;
};

std::string describe(const CacheChoice& choice);

struct CacheExtents {
  int64_t sequences = 1, key_heads = 1, tokens = 1, key_dim = 1, value_dim = 1;
};

qkv_kv_layout layout_of(const CacheExtents& extents, const CacheChoice& choice);

class StagedCache {
 public:
  StagedCache(const CacheExtents& extents, const CacheChoice& choice);
  StagedCache(const StagedCache&) = delete;
  StagedCache& operator=(const StagedCache&) = delete;

  const qkv_kv_cache& cache() const { return cache_; }
  qkv_kv_cache& cache() { return cache_; }
  const CacheExtents& extents() const { return extents_; }
  int64_t room() const { return cache_.pages_per_sequence * cache_.layout.page_size; }
  int64_t page_of(int64_t sequence, int64_t index) const;
  bool table_unchanged() const { return !table_ || ids_ == std::vector<int32_t>(table(), table() + ids_.size()); }
  int32_t* table() const { return table_ ? reinterpret_cast<int32_t*>(table_->data()) : nullptr; }
  std::vector<std::byte> image() const { return {pages_.data(), pages_.data() + pages_.size()}; }

 private:
  void make_table(Random& random);

  CacheExtents extents_;
  qkv_kv_cache cache_ = {};
  GuardedMemory pages_;
  std::vector<int32_t> ids_;
  std::optional<GuardedMemory> table_;
};

// Tokens for each sequence.
struct Tokens {
  Array<float> key, value;                // [sequences, heads, tokens, dim]
  std::vector<int64_t> first_position{};  // empty: not given
  std::vector<int64_t> token_count{};     // empty: not given
};

struct CacheCall {
  uint64_t layout_seed = 0;  // of the views; 0: contiguous
  Execution execution{};
};

// The call must succeed, leave its inputs alone, and its table.
void append(const StagedCache& cache, const Tokens& tokens, const CacheCall& call = {});

// Outputs of tokens' shapes, holding `canary` where nothing is read.
inline constexpr float unread = 42;
Tokens unpack(const StagedCache& cache, const Tokens& shapes, const CacheCall& call = {});

// Appends tokens [0, count) of each sequence in ragged pieces.
void append_in_pieces(const StagedCache& cache, const Tokens& all, const std::vector<int64_t>& counts, Random& random);

Tokens random_tokens(const CacheExtents& extents, int64_t tokens, Random& random);

}  // namespace qkv_test
