// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "api/hostile.hpp"
#include "api/valid_calls.hpp"
#include "matmul/multiply.hpp"

namespace qkv_test {
namespace {

using Args = qkv_matmul_args;

const Array<float>& weight_values() {
  static const Array<float> values = gaussian_matmul(1, 40, 12, false, 1).weight;
  return values;
}

// A packed weight in memory of its own, to be spoiled.
std::vector<std::byte> copy_of(const PackedWeight& packed, size_t shift) {
  std::vector<std::byte> copy(packed.size() + 128);
  const size_t slack = (64 - reinterpret_cast<uintptr_t>(copy.data()) % 64) % 64;
  std::memcpy(copy.data() + slack + shift, packed.data(), packed.size());
  return copy;
}

void* packed_in(std::vector<std::byte>& copy, size_t shift) {
  return copy.data() + (64 - reinterpret_cast<uintptr_t>(copy.data()) % 64) % 64 + shift;
}

}  // namespace

TEST_CASE("matmul: hostile arguments are refused, named, and leave the output alone") {
  std::vector<Fault<Args>> faults = size_faults<Args>();
  append(faults, view_faults("input", &Args::input));
  append(faults, view_faults("bias", &Args::bias));
  append(faults, output_faults<Args>("output", &Args::output, {{"input", &Args::input}, {"bias", &Args::bias}}));
  const std::vector<Fault<Args>> options{{"no weight", [](Args& a) { a.weight = nullptr; }, "weight"},
                                         {"input of another k", [](Args& a) { a.input.shape[1] = 11; }, "input"},
                                         {"output of fewer rows", [](Args& a) { a.output.shape[0] = 4; }, "output"},
                                         {"output of another n", [](Args& a) { a.output.shape[1] = 39; }, "output"},
                                         {"bias of another n", [](Args& a) { a.bias.shape[0] = 39; }, "bias"},
                                         {"unknown activation", [](Args& a) { a.activation = 5; }, "activation"},
                                         {"negative activation", [](Args& a) { a.activation = -1; }, "activation"}};
  append(faults, options);
  check_faults(matmul_operation, faults, valid_matmul);
}

TEST_CASE("matmul: output over the packed weight is refused") {
  const PackedWeight packed(weight_values(), {});
  std::vector<std::byte> copy = copy_of(packed, 0);
  Operands operands;
  Args args = valid_matmul(operands);
  args.weight = packed_in(copy, 0);
  args.output.data = packed_in(copy, packed.size() / 2 / 64 * 64);
  CHECK(execute(matmul_operation, args) == QKV_INVALID_ARGUMENT);
  CHECK(std::memcmp(packed_in(copy, 0), packed.data(), packed.size()) == 0);
}

TEST_CASE("matmul: a misaligned packed weight is refused") {
  const PackedWeight packed(weight_values(), {});
  for (size_t shift : std::vector<size_t>{1, 4, 32}) {
    std::vector<std::byte> copy = copy_of(packed, shift);
    Operands operands;
    Args args = valid_matmul(operands);
    args.weight = packed_in(copy, shift);
    CHECK(execute(matmul_operation, args) == QKV_INVALID_ARGUMENT);
    CHECK(names_argument(qkv_error_message(), "weight"));
    CHECK(operands.outputs_unchanged());
  }
}

TEST_CASE("matmul: no corruption of a packed weight's first 64 bytes makes a call read or write astray") {
  const PackedWeight packed(weight_values(), {});
  for (size_t byte = 0; byte < 64; byte++) {
    for (unsigned flip : {0x01u, 0x80u, 0xffu}) {
      std::vector<std::byte> copy = copy_of(packed, 0);
      auto* bytes = static_cast<std::byte*>(packed_in(copy, 0));
      bytes[byte] ^= static_cast<std::byte>(flip);
      Operands operands;
      Args args = valid_matmul(operands);
      args.weight = bytes;
      const qkv_status status = execute(matmul_operation, args);
      CAPTURE(byte);
      CHECK((status == QKV_OK || status == QKV_INVALID_ARGUMENT));
      if (status != QKV_OK) CHECK(operands.outputs_unchanged());
    }
  }
}

TEST_CASE("matmul: what is no packed weight is refused") {
  for (int fill : {0, 0xff, 0x5a}) {
    alignas(64) static std::byte nonsense[4096];
    std::memset(nonsense, fill, sizeof nonsense);
    Operands operands;
    Args args = valid_matmul(operands);
    args.weight = nonsense;
    CHECK(execute(matmul_operation, args) == QKV_INVALID_ARGUMENT);
    CHECK(names_argument(qkv_error_message(), "weight"));
  }
}

TEST_CASE("matmul: a weight packed anew with other extents does not fit the old plan") {
  const PackedWeight packed(weight_values(), {}), other(gaussian_matmul(1, 24, 12, false, 1).weight, {});
  Operands operands;
  Args args = valid_matmul(operands);
  args.weight = packed.data();
  qkv_plan plan;
  REQUIRE(qkv_matmul_plan(&args, &plan) == QKV_OK);
  const qkv_plan_facts facts = qkv_plan_describe(&plan, 1);
  const Workspace workspace(facts.workspace_bytes);
  args.weight = other.data();
  CHECK(qkv_matmul_run(&plan, &args, 0, facts.task_count, 0, workspace.data()) == QKV_INVALID_ARGUMENT);
  CHECK(operands.outputs_unchanged());
}

TEST_CASE("matmul: an empty product has no task, however deep") {
  constexpr int64_t depth = (int64_t{1} << 61) - 1;
  const qkv_tensor weight{nullptr, QKV_F32, 2, {0, depth}, {depth, 1}};
  size_t bytes = 0;
  REQUIRE(qkv_matmul_pack_bytes(&weight, &bytes) == QKV_OK);
  alignas(64) std::byte packed[64];
  REQUIRE(bytes <= sizeof packed);
  REQUIRE(qkv_matmul_pack(&weight, packed, sizeof packed) == QKV_OK);
  const float zero = 0;
  Args args = {};
  args.size = sizeof args;
  args.input = {const_cast<float*>(&zero), QKV_F32, 2, {1, depth}, {0, 0}};
  args.weight = packed;
  args.output = {nullptr, QKV_F32, 2, {1, 0}, {0, 1}};
  qkv_plan plan;
  REQUIRE(qkv_matmul_plan(&args, &plan) == QKV_OK);
  CHECK(qkv_plan_describe(&plan, 7).workspace_bytes == 0);
  CHECK(qkv_matmul(&args, nullptr, nullptr, 0) == QKV_OK);
}

TEST_CASE("matmul: packing over the weight itself is refused, right before and behind it there is room") {
  alignas(64) static float memory[3 * 8192];
  std::ranges::fill(memory, 7.0f);
  float* const data = memory + 8192;
  const int64_t shape[] = {16, 32}, count = 16 * 32;
  const qkv_tensor weight = qkv_tensor_f32(data, 2, shape);
  size_t bytes = 0;
  REQUIRE(qkv_matmul_pack_bytes(&weight, &bytes) == QKV_OK);
  const auto packed_count = static_cast<int64_t>(bytes / sizeof(float));
  REQUIRE((packed_count > count && packed_count % 16 == 0 && packed_count < 8192));
  for (int64_t distance : {-packed_count + 16, int64_t{-16}, int64_t{0}, int64_t{16}, count - 16}) {
    CHECK(qkv_matmul_pack(&weight, data + distance, bytes) == QKV_INVALID_ARGUMENT);
    CHECK(names_argument(qkv_error_message(), "packed"));
  }
  CHECK(std::ranges::all_of(memory, [](float value) { return value == 7; }));
  for (int64_t distance : {-packed_count, count}) CHECK(qkv_matmul_pack(&weight, data + distance, bytes) == QKV_OK);
}

TEST_CASE("matmul: packing refuses hostile weights and short or misaligned memory") {
  const StagedTensor<float> weight(weight_values(), 2);
  const qkv_tensor good = weight.view();
  size_t bytes = 0;
  REQUIRE(qkv_matmul_pack_bytes(&good, &bytes) == QKV_OK);
  alignas(64) static std::byte memory[1 << 16];
  REQUIRE(bytes < sizeof memory);
  std::memset(memory, 0x33, sizeof memory);
  CHECK(qkv_matmul_pack(&good, memory, bytes - 1) != QKV_OK);
  CHECK(qkv_matmul_pack(&good, memory + 4, sizeof memory - 4) == QKV_INVALID_ARGUMENT);
  CHECK(names_argument(qkv_error_message(), "packed"));
  CHECK(qkv_matmul_pack(&good, nullptr, bytes) == QKV_INVALID_ARGUMENT);
  CHECK(qkv_matmul_pack(nullptr, memory, bytes) == QKV_INVALID_ARGUMENT);
  CHECK(qkv_matmul_pack_bytes(nullptr, &bytes) == QKV_INVALID_ARGUMENT);
  CHECK(qkv_matmul_pack_bytes(&good, nullptr) == QKV_INVALID_ARGUMENT);
  struct Call {
    qkv_tensor weight;
  };
  for (const Fault<Call>& fault : view_faults("weight", &Call::weight)) {
    CAPTURE(fault.name);
    Call call{good};
    fault.spoil(call);
    if (fault.seen == Seen::in_plan) CHECK(qkv_matmul_pack_bytes(&call.weight, &bytes) == QKV_INVALID_ARGUMENT);
    CHECK(qkv_matmul_pack(&call.weight, memory, sizeof memory) == QKV_INVALID_ARGUMENT);
    CHECK(names_argument(qkv_error_message(), "weight"));
  }
  CHECK(std::ranges::all_of(memory, [](std::byte byte) { return byte == std::byte{0x33}; }));
}

}  // namespace qkv_test
