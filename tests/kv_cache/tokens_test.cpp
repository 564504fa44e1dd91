// SPDX-License-Identifier: Apache-2.0
// Appending, unpacking, copying: every element where the documented layout says, and no other byte touched.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "kv_cache/staged_cache.hpp"
#include "reference/kv_cache.hpp"
#include "support/bits.hpp"
#include "support/tiers.hpp"

namespace qkv_test {
namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();

const std::vector<int32_t> dtypes{QKV_F32, QKV_BF16, QKV_F16, QKV_I8};

bool same(float a, float b) {
  return std::isnan(a) ? std::isnan(b) : std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b);
}

// Every element of the tokens, read from the pages by the reference, is the rounded value.
void check_packed(const StagedCache& cache, const Tokens& tokens, int64_t count) {
  const qkv_kv_layout& layout = cache.cache().layout;
  const Array<float> key = rounded(layout.key_dtype, tokens.key), value = rounded(layout.value_dtype, tokens.value);
  const CacheExtents& extents = cache.extents();
  int64_t wrong = 0;
  for_each_index({extents.sequences, extents.key_heads, count, 1}, [&](int64_t s, int64_t h, int64_t t, int64_t) {
    const int64_t page = cache.page_of(s, t / layout.page_size), in_page = t % layout.page_size;
    const auto* bytes = static_cast<const char*>(cache.cache().pages) + page * layout.page_bytes;
    for (int64_t c = 0; c < layout.key_dim; c++) {
      wrong += same(key_in_page(layout, bytes, h, in_page, c), key(s, h, t, c)) ? 0 : 1;
    }
    for (int64_t c = 0; c < layout.value_row; c++) {
      const float expected = c < layout.value_dim ? value(s, h, t, c) : std::isnan(value(s, h, t, 0)) ? nan : 0;
      const float actual = value_in_page(layout, bytes, h, in_page, c);
      wrong += same(actual, expected) || (c >= layout.value_dim && actual == 0) ? 0 : 1;
    }
  });
  CHECK(wrong == 0);
}

CacheExtents random_extents(Random& random) {
  return {random.integer(1, 3), random.integer(1, 3), random.integer(1, 200), random.integer(1, 70),
          random.integer(1, 70)};
}

CacheChoice choice_of(Random& random, uint64_t seed) {
  return {random.pick(dtypes), random.pick(dtypes), random.pick<int64_t>({0, 16, 48, 64, 128}), seed,
          random.chance(0.5) ? Placement::front : Placement::back};
}

// Bytes of the image that differ, outside of the pages in `written`.
int64_t strays(const StagedCache& cache, const std::vector<std::byte>& before, const std::vector<int64_t>& written) {
  const std::vector<std::byte> after = cache.image();
  const auto page = static_cast<size_t>(cache.cache().layout.page_bytes);
  int64_t count = 0;
  for (size_t i = 0; i < after.size(); i++) {
    const bool may = std::ranges::count(written, static_cast<int64_t>(i / page)) != 0;
    if (!may && after[i] != before[i]) count++;
  }
  return count;
}

}  // namespace

TEST_CASE("kv cache: elements lie where the header says, rounded, and come back") {
  const int64_t count = case_count(300);
  for (int64_t i = 0; i < count; i++) {
    const uint64_t seed = base_seed() + static_cast<uint64_t>(i);
    Random random(seed);
    const CacheExtents extents = random_extents(random);
    const CacheChoice choice = choice_of(random, seed);
    const Tokens tokens = random_tokens(extents, extents.tokens, random);
    for_each_tier([&](const std::string& tier) {
      INFO("on ", tier, ": ", describe(choice));
      StagedCache cache(extents, choice);
      Random pieces(seed);
      append_in_pieces(cache, tokens, std::vector<int64_t>(static_cast<size_t>(extents.sequences), extents.tokens),
                       pieces);
      check_packed(cache, tokens, extents.tokens);
      const Tokens back = unpack(cache, tokens, {.layout_seed = seed, .execution = {.workers = 3, .seed = seed}});
      CHECK(bit_hash(back.key) == bit_hash(rounded(choice.key_dtype, tokens.key)));
      CHECK(bit_hash(back.value) == bit_hash(rounded(choice.value_dtype, tokens.value)));
    });
  }
}

TEST_CASE("kv cache: every special value, in every dtype") {
  const std::vector<float> values{0.0f,        -0.0f,        1.0f,         -1.0f,    65504.0f,  65519.9f,
                                  65520.0f,    -65536.0f,    1e-8f,        0x1p-24f, 0x1p-25f,  0x1.8p-25f,
                                  0x1p-14f,    0x1.ffcp-15f, 0x1.ffep-15f, 1e-40f,   -1e-45f,   3.4e38f,
                                  0x1.ffp127f, 0x1.fe8p127f, nan,          infinity, -infinity, 1.00390625f,
                                  1.01171875f, 0x1.004p0f,   0x1.00cp0f,   0.1f,     127.5f};
  const CacheExtents extents{.tokens = 32, .key_dim = static_cast<int64_t>(values.size()), .value_dim = 19};
  Tokens tokens{Array<float>({1, 1, 32, extents.key_dim}), Array<float>({1, 1, 32, 19})};
  for_each_index(tokens.key.shape(), [&](int64_t, int64_t, int64_t t, int64_t c) {
    const bool whole_row = t % 2 == 0;  // in others one value alone, so that it has a scale of its own
    tokens.key(0, 0, t, c) = whole_row || c == t ? values[static_cast<size_t>(c)] : 0;
  });
  for_each_index(tokens.value.shape(), [&](int64_t, int64_t, int64_t t, int64_t c) {
    tokens.value(0, 0, t, c) = c == t % 19 ? values[static_cast<size_t>(t) % values.size()] : 0.25f;
  });
  for (int32_t dtype : dtypes) {
    for_each_tier([&](const std::string& tier) {
      INFO("on ", tier, ": dtype ", dtype);
      const StagedCache cache(extents, {.key_dtype = dtype, .value_dtype = dtype, .page_size = 16});
      append(cache, tokens);
      check_packed(cache, tokens, 32);
      const Tokens back = unpack(cache, tokens);
      const Array<float> key = rounded(dtype, tokens.key);
      int64_t wrong = 0;
      for (size_t i = 0; i < key.values().size(); i++) wrong += same(back.key.values()[i], key.values()[i]) ? 0 : 1;
      CHECK(wrong == 0);
    });
  }
}

TEST_CASE("kv cache: appending touches no page but its own, and no token but its own") {
  const CacheExtents extents{.sequences = 2, .key_heads = 2, .tokens = 128, .key_dim = 12, .value_dim = 20};
  for (int32_t dtype : dtypes) {
    for_each_tier([&](const std::string& tier) {
      INFO("on ", tier, ": dtype ", dtype);
      const StagedCache cache(extents, {.key_dtype = dtype, .value_dtype = dtype, .page_size = 32});
      Random random(7);
      Tokens all = random_tokens(extents, 128, random);
      append(cache, all);
      Tokens few = random_tokens(extents, 5, random);
      few.first_position = {41, 30};
      few.token_count = {5, 0};
      const std::vector<std::byte> before = cache.image();
      append(cache, few);
      CHECK(strays(cache, before, {cache.page_of(0, 1)}) == 0);
      for (int64_t t = 0; t < 5; t++) {
        for (int64_t h = 0; h < 2; h++) {
          for (int64_t c = 0; c < 12; c++) all.key(0, h, 41 + t, c) = few.key(0, h, t, c);
          for (int64_t c = 0; c < 20; c++) all.value(0, h, 41 + t, c) = few.value(0, h, t, c);
        }
      }
      check_packed(cache, all, 128);
    });
  }
}

TEST_CASE("kv cache: unpacking reads part of some sequences and leaves the rest of the output") {
  const CacheExtents extents{.sequences = 3, .key_heads = 2, .tokens = 96, .key_dim = 9, .value_dim = 17};
  for_each_tier([&](const std::string& tier) {
    CAPTURE(tier);
    const StagedCache cache(extents, {.page_size = 32});
    Random random(3);
    const Tokens all = random_tokens(extents, 96, random);
    append(cache, all);
    Tokens part = random_tokens(extents, 40, random);
    part.first_position = {0, 17, 90};
    part.token_count = {40, 31, 0};
    const Tokens read = unpack(cache, part, {.layout_seed = 9});
    int64_t wrong = 0;
    for_each_index(read.value.shape(), [&](int64_t s, int64_t h, int64_t t, int64_t c) {
      const auto sequence = static_cast<size_t>(s);
      const bool there = t < part.token_count[sequence];
      const float expected = there ? all.value(s, h, part.first_position[sequence] + t, c) : unread;
      wrong += read.value(s, h, t, c) == expected ? 0 : 1;
    });
    CHECK(wrong == 0);
    part.key = {};
    CHECK(bit_hash(unpack(cache, part).value) == bit_hash(read.value));
    part.value = {};
    CHECK_FALSE(unpack(cache, part).value.present());
  });
}

TEST_CASE("kv cache: a page is copied, whole or its first tokens") {
  const CacheExtents extents{.sequences = 2, .key_heads = 3, .tokens = 256, .key_dim = 8, .value_dim = 24};
  for (int32_t workers : {0, 3}) {
    for (int64_t count : {0, 1, 64, 65, 128}) {
      const StagedCache cache(extents, {.key_dtype = QKV_I8, .value_dtype = QKV_F16, .page_size = 128});
      Random random(3);
      Tokens all = random_tokens(extents, 256, random);
      append(cache, all);
      const int32_t from[] = {static_cast<int32_t>(cache.page_of(0, 1)), static_cast<int32_t>(cache.page_of(0, 0))};
      const int32_t to[] = {static_cast<int32_t>(cache.page_of(1, 0)), static_cast<int32_t>(cache.page_of(1, 1))};
      const std::vector<std::byte> before = cache.image();
      const qkv_kv_copy_args args{sizeof args, &cache.cache(), 2, from, to, count};
      REQUIRE(execute(kv_copy_operation, args, {.workers = workers}) == QKV_OK);
      CHECK(strays(cache, before, {to[0], to[1]}) == 0);
      const int64_t copied = count == 0 ? 128 : (count + 63) / 64 * 64;
      for_each_index({1, 3, copied, 24}, [&](int64_t, int64_t h, int64_t t, int64_t c) {
        all.value(1, h, t, c) = all.value(0, h, 128 + t, c);
        all.value(1, h, 128 + t, c) = all.value(0, h, t, c);
        if (c >= 8) return;
        all.key(1, h, t, c) = all.key(0, h, 128 + t, c);
        all.key(1, h, 128 + t, c) = all.key(0, h, t, c);
      });
      check_packed(cache, all, 256);
    }
  }
}

TEST_CASE("kv cache: no sequences, tokens or dims succeed") {
  for_each_tier([&](const std::string& tier) {
    CAPTURE(tier);
    Random random(1);
    const StagedCache cache({.tokens = 16, .key_dim = 3, .value_dim = 2}, {.page_size = 16});
    append(cache, random_tokens({.key_dim = 3, .value_dim = 2}, 0, random));
    append(cache, random_tokens({.sequences = 0, .key_dim = 3, .value_dim = 2}, 4, random));
    const StagedCache flat({.tokens = 16, .key_dim = 0, .value_dim = 2}, {.page_size = 16});
    append(flat, random_tokens({.key_dim = 0, .value_dim = 2}, 16, random));
  });
}

}  // namespace qkv_test
