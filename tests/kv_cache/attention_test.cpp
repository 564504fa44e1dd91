// SPDX-License-Identifier: Apache-2.0
// Attention over a cache: against double precision on the values as they are stored, and paged against contiguous.
#include <doctest/doctest.h>

#include "attention/problems.hpp"
#include "kv_cache/attend_cached.hpp"
#include "support/bits.hpp"
#include "support/tiers.hpp"

namespace qkv_test {
namespace {

const std::vector<int32_t> dtypes{QKV_F32, QKV_BF16, QKV_F16, QKV_I8};

void check(const AttentionProblem& problem, const CacheChoice& choice, const Staging& staging = {.weights = true},
           const Execution& execution = {}) {
  const AttentionProblem cached = as_cached(problem, choice);
  const AttentionReference reference = attention_reference(cached);
  for_each_tier([&](const std::string& tier) {
    INFO("on ", tier, ": ", describe(cached), ", ", describe(choice));
    CHECK(first_failure(attend_cached(cached, choice, staging, execution), reference) == "");
  });
}

// A ragged batch in which rows see the past, at the end of what is there.
AttentionProblem ragged(int64_t group, int64_t queries, int64_t key_dim, int64_t value_dim) {
  AttentionProblem shape{.batch = 3,
                         .query_heads = 2 * group,
                         .key_heads = 2,
                         .queries = queries,
                         .keys = 200,
                         .key_dim = key_dim,
                         .value_dim = value_dim,
                         .causal = true};
  shape.key_count = {200, 131, 17};
  for (const int64_t keys : shape.key_count) shape.first_query_position.push_back(keys - queries);
  return gaussian_problem(shape, static_cast<uint64_t>(group * 1000 + queries));
}

}  // namespace

TEST_CASE("attention over a cache: groups, dtypes and page sizes in decode") {
  for (int64_t group : {1, 3, 4, 8}) {
    for (int64_t queries : {1, 2}) {
      for (int32_t dtype : dtypes) {
        for (int64_t page_size : {0, 16, 64, 128}) {
          check(ragged(group, queries, 33, 40), {.key_dtype = dtype, .value_dtype = dtype, .page_size = page_size});
        }
      }
    }
  }
}

TEST_CASE("attention over a cache: prefill of a chunk") {
  for (int64_t queries : {9, 17}) {
    for (int32_t dtype : dtypes) {
      for (int64_t page_size : {0, 16, 128}) {
        check(ragged(3, queries, 64, 31), {.key_dtype = dtype, .value_dtype = dtype, .page_size = page_size});
      }
    }
  }
}

TEST_CASE("attention over a cache: random problems, dtypes, pages, layouts and pools") {
  const int64_t count = case_count(1500);
  for (int64_t i = 0; i < count; i++) {
    const uint64_t seed = base_seed() + static_cast<uint64_t>(i);
    Random random(seed);
    const AttentionProblem problem = random_problem(random, {.decode = i % 3 != 0});
    const CacheChoice choice = random_choice(random);
    const Staging staging{.layout_seed = seed, .lse = random.chance(0.6), .weights = random.chance(0.3)};
    Execution execution{.seed = seed};
    if (random.chance(0.3)) execution.workers = static_cast<int32_t>(random.integer(1, 7));
    CAPTURE(seed);
    check(problem, choice, staging, execution);
  }
}

TEST_CASE("attention over a cache: every head dim") {
  for (int64_t dim = 1; dim <= 288; dim += brief_run() ? 17 : 1) {
    for (int64_t queries : {1, 9}) {
      AttentionProblem shape{.queries = queries, .keys = 11, .key_dim = dim, .value_dim = 289 - dim};
      const int32_t dtype = dtypes[static_cast<size_t>(dim) % dtypes.size()];
      check(gaussian_problem(shape, static_cast<uint64_t>(dim)), {.key_dtype = dtype, .value_dtype = dtype});
    }
  }
}

TEST_CASE("attention over a cache: pages, workers and strides change no bit") {
  const int64_t count = case_count(200);
  for (int64_t i = 0; i < count; i++) {
    const uint64_t seed = base_seed() + static_cast<uint64_t>(i);
    Random random(seed);
    CacheChoice choice = random_choice(random);
    choice.page_size = 192;
    const AttentionProblem problem = as_cached(random_problem(random, {.decode = i % 2 == 0}), choice);
    for_each_tier([&](const std::string& tier) {
      INFO("on ", tier, ", seed ", seed, ": ", describe(problem), ", ", describe(choice));
      const uint64_t hash = bit_hash(attend_cached(problem, choice, {.weights = true}));
      for (int64_t page_size : {0, 16, 32, 48, 64}) {
        CacheChoice other = choice;
        other.page_size = page_size;
        other.seed = seed + static_cast<uint64_t>(page_size);
        const Staging staging{.layout_seed = seed, .weights = true};
        CHECK(bit_hash(attend_cached(problem, other, staging, {.workers = 3, .seed = seed})) == hash);
      }
    });
  }
}

TEST_CASE("attention over a cache: a decoded row does not depend on the others") {
  for (int32_t dtype : dtypes) {
    const CacheChoice choice{.key_dtype = dtype, .value_dtype = dtype};
    const AttentionProblem whole = as_cached(ragged(7, 5, 48, 48), choice);
    for_each_tier([&](const std::string& tier) {
      INFO("on ", tier, ": dtype ", dtype);
      const AttentionResult all = attend_cached(whole, choice);
      for (int64_t row = 0; row < 5; row++) {
        AttentionProblem one = whole;
        one.queries = 1;
        one.query = slice(whole.query, 2, row, 1);
        for (int64_t& position : one.first_query_position) position += row;
        CHECK(bit_hash(attend_cached(one, choice).output) == bit_hash(slice(all.output, 2, row, 1)));
      }
    });
  }
}

TEST_CASE("attention over a cache: f32 prefill gives the bits of prefill over tensors") {
  for (int64_t queries : {9, 40}) {
    for (int64_t page_size : {0, 16, 64}) {
      const CacheChoice choice{.page_size = page_size};
      const AttentionProblem problem = as_cached(ragged(2, queries, 40, 24), choice);
      for_each_tier([&](const std::string& tier) {
        CAPTURE(tier);
        CHECK(bit_hash(attend_cached(problem, choice, {.weights = true})) ==
              bit_hash(attend(problem, {.weights = true})));
      });
    }
  }
}

TEST_CASE("attention over a cache: pages that no row sees may be missing, and unread tokens may be NaN") {
  for (int64_t queries : {1, 3, 20}) {
    AttentionProblem problem{.batch = 2,
                             .query_heads = 4,
                             .key_heads = 2,
                             .queries = queries,
                             .keys = 256,
                             .key_dim = 20,
                             .value_dim = 20,
                             .causal = true,
                             .window_left = 50};
    problem.key_count = {256, 200};
    problem.first_query_position = {256 - queries, 200 - queries};
    problem = gaussian_problem(problem, 4);
    poison_invisible(problem);
    for (int32_t dtype : {QKV_F32, QKV_BF16}) {
      const CacheChoice choice{.key_dtype = dtype, .value_dtype = dtype, .page_size = 16};
      problem = as_cached(problem, choice);
      for_each_tier([&](const std::string& tier) {
        CAPTURE(tier);
        StagedCache cache({2, 2, 256, 20, 20}, choice);
        Random random(1);
        append_in_pieces(cache, {problem.key, problem.value}, problem.key_count, random);
        for (int64_t batch = 0; batch < 2; batch++) {
          const int64_t first = problem.first_query_position[static_cast<size_t>(batch)] - 49;
          const int64_t last = problem.key_count[static_cast<size_t>(batch)];
          const int64_t stride = cache.cache().page_table_stride != 0 ? cache.cache().page_table_stride : 16;
          for (int64_t page = 0; page < 16; page++) {
            if (page < first / 16 || page * 16 >= last) cache.table()[batch * stride + page] = INT32_MIN;
          }
        }
        const StagedAttention staged(problem, {});
        qkv_attention_args args = staged.args();
        args.key = args.value = {};
        args.cache = &cache.cache();
        REQUIRE(execute(attention_operation, args) == QKV_OK);
        CHECK(first_failure(staged.result(), attention_reference(problem)) == "");
      });
    }
  }
}

}  // namespace qkv_test
