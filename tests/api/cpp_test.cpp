// SPDX-License-Identifier: Apache-2.0
// The C++ layer: the same bits as the C functions, errors as exceptions.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "qkv/qkv.hpp"
#include "support/pool.hpp"
#include "support/random.hpp"

namespace qkv_test {
namespace {

constexpr int64_t heads = 3, rows = 300, dim = 16;

struct Operand {
  explicit Operand(Random& random) {
    for (float& value : values) value = random.gaussian();
  }
  std::vector<float> values = std::vector<float>(heads * rows * dim);
  qkv_tensor view() { return qkv::view(values, {1, heads, rows, dim}); }
};

struct Call {
  Random random{1};
  Operand query{random}, key{random}, value{random}, output{random};
  qkv_attention_args args = qkv::make<qkv_attention_args>();
  Call() {
    args.query = query.view();
    args.key = key.view();
    args.value = value.view();
    args.output = output.view();
  }
};

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const qkv::Error& error) {
    CHECK(error.status() == QKV_INVALID_ARGUMENT);
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("c++: compute, a plan run at once and a plan run by task give the bits of the C call") {
  Call expected, computed, planned, by_task;
  std::vector<char> workspace(1 << 20);
  REQUIRE(qkv_attention(&expected.args, nullptr, workspace.data(), workspace.size()) == QKV_OK);
  qkv::compute(computed.args);
  CHECK(computed.output.values == expected.output.values);
  qkv::Plan whole(planned.args);
  whole.run(planned.args);
  CHECK(planned.output.values == expected.output.values);
  qkv::Plan parts(by_task.args, 2);
  REQUIRE(parts.facts().task_count > 1);
  for (int64_t task = parts.facts().task_count; task-- > 0;) {
    parts.run(by_task.args, task, task + 1, static_cast<int32_t>(task % 2));
  }
  CHECK(by_task.output.values == expected.output.values);
}

TEST_CASE("c++: errors are exceptions that name the argument") {
  Call call;
  call.args.key.shape[3] = 15;
  CHECK(message_of([&] { qkv::compute(call.args); }).find("key.shape[3] = 15") != std::string::npos);
  CHECK(message_of([&] { qkv::Plan plan(call.args); }).find("key.shape[3] = 15") != std::string::npos);
  const std::array<float, 6> six{};
  CHECK(message_of([&] { qkv::input(six, {2, 4}); }).find("6 values") != std::string::npos);
  CHECK(message_of([&] { qkv::input(six, {1, 1, 1, 2, 3}); }).find("rank 5") != std::string::npos);
  CHECK(qkv::input(six, {2, 3}).stride[0] == 3);
}

TEST_CASE("c++: a worker beyond those of the plan is refused, for it has no workspace") {
  Call call;
  for (int32_t workers : {-1, 0, 1, 2}) {
    qkv::Plan plan(call.args, workers);
    const int32_t count = std::max(1, workers);
    CHECK(message_of([&] { plan.run(call.args, 0, 1, count); }).find("worker = ") == 0);
    CHECK(message_of([&] { plan.run(call.args, 0, 1, INT32_MAX); }).find("worker = ") == 0);
    plan.run(call.args, 0, 1, count - 1);
  }
}

TEST_CASE("c++: a plan runs on a pool, with the same bits") {
  Call expected, call;
  qkv::compute(expected.args);
  for (const bool threads : {false, true}) {
    qkv::Plan plan(call.args, 3);
    REQUIRE(plan.facts().task_count > 1);
    for (const int32_t workers : {1, 2, 3}) {
      std::fill(call.output.values.begin(), call.output.values.end(), 0.0f);
      ShuffledPool pool(workers, threads, 1);
      plan.run(call.args, pool.handle());
      CHECK(call.output.values == expected.output.values);
    }
  }
}

TEST_CASE("c++: a pool that does not suit the plan is refused, and errors leave its threads") {
  Call call;
  const std::vector<float> before = call.output.values;
  qkv::Plan plan(call.args, 2);
  const auto message = [&](int32_t workers, const qkv_attention_args& args) {
    ShuffledPool pool(workers, true, 1);
    return message_of([&] { plan.run(args, pool.handle()); });
  };
  CHECK(message(3, call.args) == "pool.worker_count = 3: the plan has workspace for 2 workers");
  CHECK(message(0, call.args) == "pool.worker_count = 0: must be positive");
  CHECK(message_of([&] { plan.run(call.args, qkv_pool{2, nullptr, nullptr}); }) == "pool.parallel_for = NULL");
  qkv_attention_args other = call.args;
  other.causal = 1;
  CHECK(message(2, other) == "causal = 1: the plan was made with 0");
  CHECK(call.output.values == before);
  const int64_t count = rows + 1;  // seen by the tasks only
  other = call.args;
  other.key_count = &count;
  CHECK(message(2, other) == "key_count[0] = 301: must be 0 .. 300");
}

TEST_CASE("c++: a view has as many values as its shape, however its extents multiply") {
  std::vector<float> none, one(1), six(6);
  CHECK(qkv::view(six, {2, 3}).shape[1] == 3);
  CHECK(qkv::view(none, {0, int64_t{1} << 62, 4}).rank == 3);
  CHECK(message_of([&] { qkv::view(six, {2, 2}); }) == "view: 6 values do not fill the shape [2, 2]");
  CHECK(message_of([&] { qkv::view(none, {int64_t{1} << 32, int64_t{1} << 32}); }) != "");
  CHECK(message_of([&] { qkv::view(one, {-1, -1}); }) != "");
  CHECK(message_of([&] { qkv::view(one, {1, 1, 1, 1, 1}); }) != "");
}

TEST_CASE("c++: bytes are a mask") {
  const std::vector<float> input{1, 2, 3};
  const std::vector<uint8_t> mask{1, 0, 7};
  std::vector<float> output(3);
  auto args = qkv::make<qkv_softmax_args>();
  args.input = qkv::input(input, {1, 3});
  args.mask = qkv::input(mask, {1, 3});
  args.output = qkv::view(output, {1, 3});
  qkv::compute(args);
  CHECK(output[0] == doctest::Approx(1 / (1 + std::exp(2.0))));
  CHECK(output[1] == 0);
  CHECK(output[2] == doctest::Approx(1 / (1 + std::exp(-2.0))));
}

}  // namespace qkv_test
