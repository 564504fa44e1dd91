// SPDX-License-Identifier: Apache-2.0
#include "kv_cache/attend_cached.hpp"

#include <limits>

#include "reference/kv_cache.hpp"
#include "support/bits.hpp"

namespace qkv_test {
namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN();

CacheExtents extents_of(const AttentionProblem& problem) {
  return {problem.batch, problem.key_heads, problem.keys, problem.key_dim, problem.value_dim};
}

// Longer along one axis, and `fill` there; broadcast axes get their full extent if `full` has it.
template <typename T>
Array<T> extended(const Array<T>& array, size_t axis, int64_t extent, T fill) {
  if (!array.present() || array.shape()[axis] == 1) return array;
  Shape shape = array.shape();
  shape[axis] = extent;
  Array<T> longer(shape, fill);
  for_each_index(array.shape(),
                 [&](int64_t a, int64_t b, int64_t c, int64_t d) { longer(a, b, c, d) = array(a, b, c, d); });
  return longer;
}

// Without broadcasts.
Array<float> filled(const Array<float>& array, const Shape& shape) {
  Array<float> full(shape);
  for_each_index(shape, [&](int64_t a, int64_t b, int64_t c, int64_t d) { full(a, b, c, d) = array(a, b, c, d); });
  return full;
}

}  // namespace

AttentionProblem as_cached(const AttentionProblem& problem, const CacheChoice& choice) {
  AttentionProblem cached = problem;
  const int64_t page = choice.page_size != 0 ? choice.page_size : 16;
  cached.keys = (problem.keys + page - 1) / page * page;
  if (problem.key_count.empty()) cached.key_count.assign(static_cast<size_t>(problem.batch), problem.keys);
  const auto placed = [&](const Array<float>& rows, const Shape& shape, int32_t dtype) {
    Shape longer = shape;
    longer[2] = cached.keys;
    Array<float> result(longer, nan);
    const Array<float> full = rounded(dtype, filled(rows, shape));
    for_each_index(shape, [&](int64_t a, int64_t b, int64_t c, int64_t d) { result(a, b, c, d) = full(a, b, c, d); });
    return result;
  };
  cached.key = placed(problem.key, problem.key_shape(), choice.key_dtype);
  cached.value = placed(problem.value, problem.value_shape(), choice.value_dtype);
  cached.bias = extended(problem.bias, 3, cached.keys, nan);
  cached.mask = extended(problem.mask, 3, cached.keys, uint8_t{1});
  return cached;
}

AttentionResult attend_cached(const AttentionProblem& problem, const CacheChoice& choice, const Staging& staging,
                              const Execution& execution) {
  StagedCache cache(extents_of(problem), choice);
  Random random(choice.seed);
  append_in_pieces(cache, {problem.key, problem.value}, problem.key_count, random);
  const std::vector<std::byte> before = cache.image();
  const StagedAttention staged(problem, staging);
  qkv_attention_args args = staged.args();
  args.key = args.value = {};
  args.cache = &cache.cache();
  const qkv_status status = execute(attention_operation, args, execution);
  REQUIRE_MESSAGE(status == QKV_OK, std::string(qkv_error_message()), " for ", describe(problem));
  REQUIRE_MESSAGE(staged.inputs_unchanged(), "an input was written to: ", describe(problem));
  REQUIRE_MESSAGE(staged.gaps_unchanged(), "memory between output elements was written to: ", describe(problem));
  REQUIRE(cache.image() == before);
  REQUIRE(cache.table_unchanged());
  return staged.result();
}

CacheChoice random_choice(Random& random) {
  const std::vector<int32_t> dtypes{QKV_F32, QKV_BF16, QKV_F16, QKV_I8};
  CacheChoice choice;
  choice.key_dtype = random.pick(dtypes);
  choice.value_dtype = random.chance(0.6) ? choice.key_dtype : random.pick(dtypes);
  choice.page_size = random.pick<int64_t>({0, 16, 32, 48, 64, 128, 192});
  choice.seed = static_cast<uint64_t>(random.integer(1, 1 << 20));
  choice.placement = random.chance(0.5) ? Placement::front : Placement::back;
  return choice;
}

}  // namespace qkv_test
