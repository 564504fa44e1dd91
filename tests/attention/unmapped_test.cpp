// SPDX-License-Identifier: Apache-2.0
// Keys that no row may see need not be mapped: memory ends with the last visible key.
#include <doctest/doctest.h>

#include <vector>

#include "attention/attend.hpp"
#include "attention/problems.hpp"
#include "support/bits.hpp"
#include "support/random.hpp"
#include "support/tiers.hpp"

namespace qkv_test {
namespace {

// The view of a [1, heads, keys, dim] operand, [key, head, dim] in memory, of which only `visible` keys are mapped.
class CutOperand {
 public:
  CutOperand(const Array<float>& values, int64_t visible)
      : shape_(values.shape()), memory_(bytes_of(visible), Placement::back, bytes_of(shape_[2] - visible)) {
    const qkv_tensor full = view();
    for_each_index({1, shape_[1], visible, shape_[3]}, [&](int64_t, int64_t head, int64_t key, int64_t column) {
      data()[head * full.stride[1] + key * full.stride[2] + column] = values(0, head, key, column);
    });
  }
  qkv_tensor view() const {
    return {data(), QKV_F32, 4, {1, shape_[1], shape_[2], shape_[3]}, {0, shape_[3], shape_[1] * shape_[3], 1}};
  }

 private:
  float* data() const { return reinterpret_cast<float*>(memory_.data()); }
  size_t bytes_of(int64_t keys) const { return static_cast<size_t>(keys * shape_[1] * shape_[3]) * sizeof(float); }
  Shape shape_;
  GuardedMemory memory_;
};

void check_cut(const AttentionProblem& problem, int64_t visible) {
  for_each_tier([&](const std::string& tier) {
    INFO("on ", tier, ": ", describe(problem));
    const StagedAttention staged(problem, {.plain = rows_outside, .weights = true});
    const uint64_t expected = bit_hash(attend(problem, {.plain = rows_outside, .weights = true}));
    const CutOperand key(problem.key, visible), value(problem.value, visible);
    qkv_attention_args args = staged.args();
    args.key = key.view();
    args.value = value.view();
    REQUIRE(execute(attention_operation, args) == QKV_OK);
    CHECK(bit_hash(staged.result()) == expected);
  });
}

AttentionProblem problem_of(int64_t queries, int64_t keys, int64_t dim) {
  return gaussian_problem(
      {.query_heads = 4, .key_heads = 2, .queries = queries, .keys = keys, .key_dim = dim, .value_dim = dim + 3},
      static_cast<uint64_t>(keys));
}

}  // namespace

TEST_CASE("attention: memory of K and V may end with the last key in use") {
  for (int64_t queries : {1, 5, 70}) {
    for (int64_t dim : brief_run() ? std::vector<int64_t>{33} : std::vector<int64_t>{4, 16, 33, 64}) {
      for (int64_t visible : {1, 2, 15, 16, 17, 31, 63, 64, 65, 130}) {
        AttentionProblem problem = problem_of(queries, visible + 37, dim);
        problem.key_count = {visible};
        check_cut(problem, visible);
      }
    }
  }
}

TEST_CASE("attention: memory of K and V may end with the last key that a causal row sees") {
  for (int64_t queries : {1, 5, 70}) {
    for (int64_t first : {0, 1, 14, 60}) {
      AttentionProblem problem = problem_of(queries, queries + first + 29, 32);
      problem.causal = true;
      problem.first_query_position = {first};
      check_cut(problem, queries + first);
    }
  }
}

}  // namespace qkv_test
