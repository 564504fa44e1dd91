// SPDX-License-Identifier: Apache-2.0
// Outputs between the elements of inputs: slots of one packed tensor are welcome, shared elements are not.
#include <doctest/doctest.h>

#include "support/execution.hpp"
#include "support/tiers.hpp"

namespace qkv_test {
namespace {

constexpr int64_t rows = 9, heads = 3, dim = 5, slots = 4;

// Query, key, value and output as slots of one tensor [row, slot, head, dim].
struct Packed {
  std::vector<float> memory = std::vector<float>(rows * slots * heads * dim);
  Packed() {
    Random random(1);
    for (float& value : memory) value = random.gaussian();
  }
  qkv_tensor slot(int64_t index, int64_t shift = 0) {
    float* data = memory.data() + index * heads * dim + shift;
    return {data, QKV_F32, 4, {1, heads, rows, dim}, {0, dim, slots * heads * dim, 1}};
  }
  qkv_attention_args args(const qkv_tensor& output) {
    qkv_attention_args args = {};
    args.size = sizeof args;
    args.query = slot(0);
    args.key = slot(1);
    args.value = slot(2);
    args.output = output;
    return args;
  }
};

qkv_status copy_with(const qkv_tensor& input, const qkv_tensor& output) {
  const qkv_activation_args args{sizeof args, QKV_IDENTITY, input, output, {}};
  return execute(activation_operation, args);
}

}  // namespace

TEST_CASE("overlap: an output may be a slot of the tensor that holds the inputs") {
  for_each_tier([](const std::string& tier) {
    CAPTURE(tier);
    Packed apart, packed;
    std::vector<float> output(rows * heads * dim);
    const qkv_tensor view{output.data(), QKV_F32, 4, {1, heads, rows, dim}, {0, dim, heads * dim, 1}};
    REQUIRE(execute(attention_operation, apart.args(view)) == QKV_OK);
    REQUIRE(execute(attention_operation, packed.args(packed.slot(3))) == QKV_OK);
    for (int64_t row = 0; row < rows; row++) {
      float* expected = apart.memory.data() + row * slots * heads * dim;
      std::memcpy(expected + 3 * heads * dim, output.data() + row * heads * dim, heads * dim * sizeof(float));
    }
    CHECK(packed.memory == apart.memory);
  });
}

TEST_CASE("overlap: a slot that reaches one element into its neighbour is refused") {
  for (int64_t shift : {-1, 1}) {
    Packed packed;
    qkv_attention_args args = packed.args(packed.slot(3, shift));
    if (shift > 0) {
      // One element too far reaches the next row's query.
      args.output.shape[2] = args.query.shape[2] = rows - 1;
    }
    const std::vector<float> before = packed.memory;
    CHECK(execute(attention_operation, args) == QKV_INVALID_ARGUMENT);
    CHECK(std::string(qkv_error_message()).find("output overlaps") == 0);
    CHECK(packed.memory == before);
  }
}

TEST_CASE("overlap: verdicts are those of the elements, wherever there is a common period") {
  std::vector<float> memory(4096);
  int refused = 0, accepted = 0;
  for (uint64_t seed = 1; seed <= 5000; seed++) {
    Random random(seed);
    const int64_t period = random.integer(2, 12), shape[] = {random.integer(1, 4), random.integer(1, 3)};
    const auto any_view = [&] {
      float* data = memory.data() + 2048 + random.integer(-20, 20);
      const int64_t sign = random.chance(0.5) ? 1 : -1;
      return qkv_tensor{data,
                        QKV_F32,
                        2,
                        {shape[0], shape[1]},
                        {sign * period * random.integer(1, 3), random.pick<int64_t>({-2, -1, 1, 2})}};
    };
    const qkv_tensor input = any_view(), output = any_view();
    std::vector<int> owners(memory.size());
    bool shared = false;
    for (const qkv_tensor* view : {&input, &output}) {
      for (int64_t i = 0; i < shape[0] * shape[1]; i++) {
        const float* element =
            static_cast<const float*>(view->data) + i / shape[1] * view->stride[0] + i % shape[1] * view->stride[1];
        int& owner = owners[static_cast<size_t>(element - memory.data())];
        shared = shared || (owner == 1 && view == &output);
        if (view == &input) owner = 1;
      }
    }
    CAPTURE(seed);
    const bool same = input.data == output.data && std::equal(input.stride, input.stride + 2, output.stride);
    const qkv_status status = copy_with(input, output);
    if (shared && !same) CHECK(status == QKV_INVALID_ARGUMENT);
    if (!shared) (status == QKV_OK ? accepted : refused)++;
  }
  CHECK(accepted > 1000);
  CHECK(refused < accepted / 4);
}

TEST_CASE("overlap: ways to interleave that have no common period are refused, as documented") {
  std::vector<float> memory(64);
  const qkv_tensor fours{memory.data(), QKV_F32, 2, {4, 1}, {4, 1}},
      sixes{memory.data() + 1, QKV_F32, 2, {4, 1}, {6, 1}};
  CHECK(copy_with(fours, sixes) == QKV_INVALID_ARGUMENT);
  const qkv_tensor eights{memory.data() + 1, QKV_F32, 2, {4, 1}, {8, 1}};
  CHECK(copy_with(fours, eights) == QKV_OK);
}

}  // namespace qkv_test
