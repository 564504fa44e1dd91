// SPDX-License-Identifier: Apache-2.0
// What is wrong is told by the argument, its value and what it must be.
#include <doctest/doctest.h>

#include <cstdio>
#include <functional>
#include <string>

#include "api/valid_calls.hpp"
#include "matmul/multiply.hpp"

namespace qkv_test {
namespace {

// The text of a run whose args are no longer those that the plan was made with.
template <typename Args>
std::string changed(const Operation<Args>& operation, Args (*valid_call)(Operands&),
                    const std::function<void(Args&)>& change) {
  Operands operands;
  Args args = valid_call(operands);
  qkv_plan plan;
  REQUIRE(operation.plan(&args, &plan) == QKV_OK);
  change(args);
  const Workspace workspace(qkv_plan_describe(&plan, 1).workspace_bytes);
  CHECK(operation.run(&plan, &args, 0, 1, 0, workspace.data()) == QKV_INVALID_ARGUMENT);
  CHECK(operands.outputs_unchanged());
  return qkv_error_message();
}

using Attention = qkv_attention_args;

Attention scaled_attention(Operands& operands) {
  Attention args = valid_attention(operands);
  args.scale_is_set = 1;
  args.scale = 0.5f;
  return args;
}

std::string changed_attention(const std::function<void(Attention&)>& change) {
  return changed<Attention>(attention_operation, valid_attention, change);
}

}  // namespace

TEST_CASE("messages: an option that is not the plan's") {
  CHECK(changed_attention([](Attention& a) { a.causal = 0; }) == "causal = 0: the plan was made with 1");
  CHECK(changed_attention([](Attention& a) { a.window_left = 3; }) == "window_left = 3: the plan was made with 0");
  CHECK(changed_attention([](Attention& a) { a.window_right = 2; }) == "window_right = 2: the plan was made with 0");
  CHECK(changed_attention([](Attention& a) { a.scale_is_set = 1; }) == "scale_is_set = 1: the plan was made with 0");
  CHECK(changed<Attention>(attention_operation, scaled_attention, [](Attention& a) { a.scale = 0.25f; }) ==
        "scale = 0.25: the plan was made with 0.5");
  CHECK(changed<qkv_activation_args>(activation_operation, valid_activation, [](auto& a) { a.kind = QKV_RELU; }) ==
        "kind = 1: the plan was made with 4");
  CHECK(changed<qkv_norm_args>(norm_operation, valid_norm, [](auto& a) { a.kind = QKV_RMS_NORM; }) ==
        "kind = 1: the plan was made with 0");
  CHECK(changed<qkv_matmul_args>(matmul_operation, valid_matmul, [](auto& a) { a.activation = QKV_RELU; }) ==
        "activation = 1: the plan was made with 2");
}

TEST_CASE("messages: a weight that is not of the plan's shape") {
  static const PackedWeight other(gaussian_matmul(5, 41, 12, false, 1).weight, {});
  const std::string message =
      changed<qkv_matmul_args>(matmul_operation, valid_matmul, [](auto& a) { a.weight = other.data(); });
  CHECK(message.find("weight = 0x") == 0);
  CHECK(message.find(": [41, 12] of f32 packed for ") != std::string::npos);
  CHECK(message.find("; the plan was made with [40, 12] of f32, ") != std::string::npos);
}

TEST_CASE("messages: a layout that is not the plan's") {
  CHECK(changed_attention([](Attention& a) {
          a.key.stride[2] = 1234;
        }).find("key.stride[2] = 1234: the plan was made with ") == 0);
  CHECK(changed_attention([](Attention& a) { a.lse = {}; }) == "lse.rank = 0: the plan was made with 3");
  CHECK(changed_attention([](Attention& a) { a.query.shape[2] = 4; }) == "query.shape[2] = 4: must be 5");
}

TEST_CASE("messages: dtypes have names") {
  CHECK(changed_attention([](Attention& a) { a.key.dtype = QKV_BOOL; }) == "key.dtype = 1 (QKV_BOOL): must be QKV_F32");
  CHECK(changed_attention([](Attention& a) { a.mask.dtype = 9; }) == "mask.dtype = 9 (unknown): must be QKV_BOOL");
}

TEST_CASE("messages: an output that overlaps tells where both lie") {
  const void* value = nullptr;
  const std::string message = changed_attention([&](Attention& a) { value = a.output.data = a.value.data; });
  char begin[32];
  std::snprintf(begin, sizeof begin, "%p .. ", value);
  CAPTURE(message);
  CHECK(message.find("output overlaps value: bytes ") == 0);
  CHECK(message.find(begin) != message.rfind(begin));
}

TEST_CASE("messages: a size that was not set names the struct's own") {
  CHECK(changed_attention([](Attention& a) { a.size = 0; }) ==
        "args.size = 0: must be sizeof of its struct, here " + std::to_string(sizeof(Attention)));
}

}  // namespace qkv_test
