// SPDX-License-Identifier: Apache-2.0
#include "kv_cache/staged_cache.hpp"

#include <limits>

#include "support/bits.hpp"

namespace qkv_test {
namespace {

int64_t pages_needed(const CacheExtents& extents, int64_t page_size) {
  return (extents.tokens + page_size - 1) / page_size;
}

size_t pool_bytes(const CacheExtents& extents, const CacheChoice& choice) {
  const qkv_kv_layout layout = layout_of(extents, choice);
  const int64_t spare = choice.page_size == 0 ? 0 : 3;
  return static_cast<size_t>((extents.sequences * pages_needed(extents, layout.page_size) + spare) * layout.page_bytes);
}

StagedTensor<int64_t> stage_numbers(const std::vector<int64_t>& numbers) {
  if (numbers.empty()) return {};
  Array<int64_t> array({1, 1, 1, static_cast<int64_t>(numbers.size())});
  array.values() = numbers;
  return {array, 1};
}

Layout layout_from(Random& random, uint64_t seed) {
  return seed == 0 ? Layout{} : random_layout(random);
}

// Operands of one call, and the call.
template <typename Args>
struct StagedCall {
  StagedCall(const StagedCache& cache, const Tokens& tokens, const CacheCall& call) {
    Random random(call.layout_seed);
    if (tokens.key.present()) key = {tokens.key, 4, layout_from(random, call.layout_seed)};
    if (tokens.value.present()) value = {tokens.value, 4, layout_from(random, call.layout_seed)};
    first_position = stage_numbers(tokens.first_position);
    token_count = stage_numbers(tokens.token_count);
    args.size = sizeof args;
    args.cache = &cache.cache();
    args.key = key.view();
    args.value = value.view();
    args.first_position = first_position.data();
    args.token_count = token_count.data();
  }
  StagedTensor<float> key, value;
  StagedTensor<int64_t> first_position, token_count;
  Args args = {};
};

}  // namespace

std::string describe(const CacheChoice& choice) {
  const char* names[] = {"f32", "bool", "bf16", "f16", "i8"};
  return std::string(names[choice.key_dtype]) + "/" + names[choice.value_dtype] + " pages of " +
         std::to_string(choice.page_size) + ", seed " + std::to_string(choice.seed);
}

qkv_kv_layout layout_of(const CacheExtents& extents, const CacheChoice& choice) {
  qkv_kv_layout layout = {};
  layout.key_dtype = choice.key_dtype;
  layout.value_dtype = choice.value_dtype;
  layout.key_heads = extents.key_heads;
  layout.key_dim = extents.key_dim;
  layout.value_dim = extents.value_dim;
  layout.page_size = choice.page_size != 0 ? choice.page_size : std::max<int64_t>(16, (extents.tokens + 15) / 16 * 16);
  REQUIRE(qkv_kv_layout_make(&layout) == QKV_OK);
  return layout;
}

StagedCache::StagedCache(const CacheExtents& extents, const CacheChoice& choice)
    : extents_(extents), pages_(pool_bytes(extents, choice), choice.placement) {
  cache_.size = sizeof cache_;
  cache_.layout = layout_of(extents, choice);
  cache_.pages = pages_.data();
  cache_.page_count =
      cache_.layout.page_bytes == 0 ? 1 : static_cast<int64_t>(pages_.size()) / cache_.layout.page_bytes;
  cache_.pages_per_sequence = pages_needed(extents, cache_.layout.page_size);
  if (pages_.size() > 0) std::memset(pages_.data(), 0xff, pages_.size());
  Random random(choice.seed);
  if (choice.page_size != 0) make_table(random);
}

void StagedCache::make_table(Random& random) {
  std::vector<int32_t> order;
  for (int64_t page = 0; page < cache_.page_count; page++) order.push_back(static_cast<int32_t>(page));
  random.shuffle(order);
  const int64_t width = cache_.pages_per_sequence, gap = random.integer(0, 2);
  cache_.page_table_stride = gap == 0 && random.chance(0.5) ? 0 : width + gap;
  const size_t count = static_cast<size_t>(extents_.sequences * (width + gap) - gap);
  ids_.assign(count, std::numeric_limits<int32_t>::min());
  size_t next = 0;
  for (int64_t sequence = 0; sequence < extents_.sequences; sequence++) {
    for (int64_t i = 0; i < width; i++) ids_[static_cast<size_t>(sequence * (width + gap) + i)] = order[next++];
  }
  table_.emplace(count * sizeof(int32_t), random.chance(0.5) ? Placement::front : Placement::back);
  std::copy(ids_.begin(), ids_.end(), table());
  cache_.page_table = table();
}

int64_t StagedCache::page_of(int64_t sequence, int64_t index) const {
  if (!table_) return sequence * cache_.pages_per_sequence + index;
  const int64_t stride = cache_.page_table_stride != 0 ? cache_.page_table_stride : cache_.pages_per_sequence;
  return ids_[static_cast<size_t>(sequence * stride + index)];
}

void append(const StagedCache& cache, const Tokens& tokens, const CacheCall& call) {
  const StagedCall<qkv_kv_append_args> staged(cache, tokens, call);
  const qkv_status status = execute(kv_append_operation, staged.args, call.execution);
  REQUIRE_MESSAGE(status == QKV_OK, std::string(qkv_error_message()));
  REQUIRE(staged.key.unchanged());
  REQUIRE(staged.value.unchanged());
  REQUIRE(staged.first_position.unchanged());
  REQUIRE(staged.token_count.unchanged());
  REQUIRE(cache.table_unchanged());
}

Tokens unpack(const StagedCache& cache, const Tokens& shapes, const CacheCall& call) {
  Tokens tokens = shapes;
  if (tokens.key.present()) tokens.key = Array<float>(shapes.key.shape(), unread);
  if (tokens.value.present()) tokens.value = Array<float>(shapes.value.shape(), unread);
  const StagedCall<qkv_kv_unpack_args> staged(cache, tokens, call);
  const std::vector<std::byte> before = cache.image();
  const qkv_status status = execute(kv_unpack_operation, staged.args, call.execution);
  REQUIRE_MESSAGE(status == QKV_OK, std::string(qkv_error_message()));
  REQUIRE(cache.image() == before);
  REQUIRE(cache.table_unchanged());
  REQUIRE(staged.key.gaps_unchanged());
  REQUIRE(staged.value.gaps_unchanged());
  if (tokens.key.present()) tokens.key = staged.key.gather();
  if (tokens.value.present()) tokens.value = staged.value.gather();
  return tokens;
}

void append_in_pieces(const StagedCache& cache, const Tokens& all, const std::vector<int64_t>& counts, Random& random) {
  std::vector<int64_t> done(counts.size());
  while (done != counts) {
    Tokens piece;
    int64_t most = 1;
    for (size_t s = 0; s < counts.size(); s++) {
      const int64_t rest = counts[s] - done[s];
      piece.first_position.push_back(done[s]);
      piece.token_count.push_back(random.chance(0.3) ? rest : random.integer(0, std::min<int64_t>(rest, 40)));
      most = std::max(most, piece.token_count.back());
    }
    const auto cut = [&](const Array<float>& from) {
      const Shape& shape = from.shape();
      Array<float> to({shape[0], shape[1], most, shape[3]}, std::numeric_limits<float>::quiet_NaN());
      for_each_index(to.shape(), [&](int64_t s, int64_t h, int64_t t, int64_t c) {
        const auto sequence = static_cast<size_t>(s);
        if (t < piece.token_count[sequence]) to(s, h, t, c) = from(s, h, done[sequence] + t, c);
      });
      return to;
    };
    piece.key = cut(all.key);
    piece.value = cut(all.value);
    append(cache, piece, {.layout_seed = static_cast<uint64_t>(random.integer(0, 1000))});
    for (size_t s = 0; s < counts.size(); s++) done[s] += piece.token_count[s];
  }
}

Tokens random_tokens(const CacheExtents& extents, int64_t tokens, Random& random) {
  return {random.gaussian_array({extents.sequences, extents.key_heads, tokens, extents.key_dim}),
          random.gaussian_array({extents.sequences, extents.key_heads, tokens, extents.value_dim})};
}

}  // namespace qkv_test
