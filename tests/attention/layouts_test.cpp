// SPDX-License-Identifier: Apache-2.0
// Any strides: the same bits wherever the operands lie.
#include <doctest/doctest.h>

#include <algorithm>

#include "attention/attend.hpp"
#include "attention/problems.hpp"
#include "support/bits.hpp"
#include "support/tiers.hpp"

namespace qkv_test {
namespace {

std::vector<AttentionProblem> phases() {
  const AttentionProblem decode{
      .batch = 2, .query_heads = 4, .key_heads = 2, .queries = 2, .keys = 45, .key_dim = 19, .value_dim = 33};
  AttentionProblem prefill = decode;
  prefill.queries = 18;
  return {gaussian_problem(decode, 1), gaussian_problem(prefill, 2)};
}

void check_layout(const Layout& layout) {
  for (const AttentionProblem& problem : phases()) {
    for_each_tier([&](const std::string& tier) {
      INFO("on ", tier, ": ", describe(problem), ", ", describe(layout));
      const uint64_t contiguous = bit_hash(attend(problem, {.weights = true}));
      CHECK(bit_hash(attend(problem, {.plain = layout, .weights = true})) == contiguous);
    });
  }
}

}  // namespace

TEST_CASE("layouts: every order of the axes gives the same bits") {
  Layout layout;
  do check_layout(layout);
  while (std::ranges::next_permutation(layout.order).found);
}

TEST_CASE("layouts: gaps between dims, rows, heads and batches") {
  for (size_t axis = 0; axis < 4; axis++) {
    Layout layout;
    layout.gap[axis] = 3;
    check_layout(layout);
  }
}

TEST_CASE("layouts: negative strides") {
  for (size_t axis = 0; axis < 4; axis++) {
    Layout layout;
    layout.reversed[axis] = true;
    check_layout(layout);
  }
}

TEST_CASE("layouts: element alignment is enough and changes no bit") {
  for (int64_t lead = 0; lead < 17; lead++) {
    for (Placement placement : {Placement::front, Placement::back}) {
      check_layout({.lead = lead, .placement = placement});
    }
  }
}

TEST_CASE("layouts: query, key and value packed in one buffer [batch, row, 3, head, dim]") {
  AttentionProblem shape{
      .batch = 2, .query_heads = 3, .key_heads = 3, .queries = 20, .keys = 20, .key_dim = 16, .value_dim = 16};
  const AttentionProblem problem = gaussian_problem(shape, 5);
  Array<float> packed({shape.batch * shape.queries, 3, shape.query_heads, shape.key_dim});
  for_each_index(problem.query_shape(), [&](int64_t b, int64_t h, int64_t row, int64_t i) {
    packed(b * shape.queries + row, 0, h, i) = problem.query(b, h, row, i);
    packed(b * shape.queries + row, 1, h, i) = problem.key(b, h, row, i);
    packed(b * shape.queries + row, 2, h, i) = problem.value(b, h, row, i);
  });
  const StagedTensor<float> memory(packed, 4);
  const int64_t width = shape.query_heads * shape.key_dim;
  for_each_tier([&](const std::string& tier) {
    CAPTURE(tier);
    const StagedAttention staged(problem, {});
    qkv_attention_args args = staged.args();
    qkv_tensor* const views[] = {&args.query, &args.key, &args.value};
    for (int64_t part = 0; part < 3; part++) {
      *views[part] = args.query;
      views[part]->data = memory.data() + part * width;
      const int64_t strides[] = {shape.queries * 3 * width, shape.key_dim, 3 * width, 1};
      std::ranges::copy(strides, views[part]->stride);
    }
    REQUIRE(execute(attention_operation, args) == QKV_OK);
    CHECK(bit_hash(staged.result()) == bit_hash(attend(problem)));
  });
}

TEST_CASE("layouts: keys and values shared by heads and batch entries through stride 0") {
  for (AttentionProblem problem : phases()) {
    for (size_t axis = 0; axis < 2; axis++) {
      problem.key = slice(problem.key, axis, 0, 1);
      problem.value = slice(problem.value, axis, 0, 1);
      check_on_every_tier(problem);
    }
  }
}

TEST_CASE("layouts: bias and mask broadcast along any set of axes, as extent 1 or as stride 0") {
  for (int axes = 0; axes < 16; axes++) {
    for (AttentionProblem problem : phases()) {
      Shape shape = problem.weights_shape();
      for (size_t axis = 0; axis < 4; axis++) {
        if (axes >> axis & 1) shape[axis] = 1;
      }
      Random random(base_seed());
      problem.bias = random.gaussian_array(shape);
      problem.mask = Array<uint8_t>(shape);
      for (uint8_t& mask : problem.mask.values()) mask = random.chance(0.7);
      CAPTURE(axes);
      for (uint64_t layout_seed = 0; layout_seed < 4; layout_seed++)
        check_on_every_tier(problem, {.layout_seed = layout_seed});
    }
  }
}

}  // namespace qkv_test
