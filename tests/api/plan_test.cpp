// SPDX-License-Identifier: Apache-2.0
// What every operation's plan, run and call have in common.
#include <doctest/doctest.h>

#include "api/valid_calls.hpp"

namespace qkv_test {
namespace {

// A call with its plan and a workspace for three workers.
template <typename Args>
struct Planned {
  Planned(const Operation<Args>& operation, Args (*valid_call)(Operands&)) : args(valid_call(operands)) {
    REQUIRE(operation.plan(&args, &plan) == QKV_OK);
    facts = qkv_plan_describe(&plan, 3);
  }
  Operands operands;
  Args args;
  qkv_plan plan;
  qkv_plan_facts facts;
};

// Larger than the struct, as a newer caller would have it.
template <typename Args>
struct NewerArgs {
  Args args;
  unsigned char more[24];
};

template <typename Args>
qkv_status call_newer(const Operation<Args>& operation, const Args& args, unsigned char last_byte) {
  NewerArgs<Args> newer;
  std::memset(static_cast<void*>(&newer), 0, sizeof newer);
  std::memcpy(static_cast<void*>(&newer.args), &args, sizeof args);
  newer.args.size = sizeof newer;
  newer.more[23] = last_byte;
  const Workspace workspace(large_workspace);
  return operation.call(&newer.args, nullptr, workspace.data(), workspace.size());
}

}  // namespace

TEST_CASE("plan: facts") {
  for_each_operation([](const auto& operation, auto valid_call) {
    Planned planned(operation, valid_call);
    CAPTURE(std::string(planned.facts.kernel));
    CHECK(std::string(planned.facts.kernel).find('@') != std::string::npos);
    CHECK(planned.facts.task_count >= 1);
    CHECK(planned.facts.flops >= 0);
    CHECK(planned.facts.bytes > 0);
    CHECK(qkv_plan_describe(&planned.plan, 1).workspace_bytes <= planned.facts.workspace_bytes);
  });
}

TEST_CASE("plan: NULL arguments are refused") {
  for_each_operation([](const auto& operation, auto valid_call) {
    Planned planned(operation, valid_call);
    const Workspace workspace(planned.facts.workspace_bytes);
    const int64_t tasks = planned.facts.task_count;
    CHECK(operation.plan(nullptr, &planned.plan) == QKV_INVALID_ARGUMENT);
    CHECK(operation.plan(&planned.args, nullptr) == QKV_INVALID_ARGUMENT);
    CHECK(operation.call(nullptr, nullptr, workspace.data(), workspace.size()) == QKV_INVALID_ARGUMENT);
    CHECK(operation.run(nullptr, &planned.args, 0, tasks, 0, workspace.data()) == QKV_INVALID_ARGUMENT);
    CHECK(operation.run(&planned.plan, nullptr, 0, tasks, 0, workspace.data()) == QKV_INVALID_ARGUMENT);
    CHECK(planned.operands.outputs_unchanged());
  });
}

TEST_CASE("plan: a plan of nothing, of nonsense or of another operation is refused") {
  qkv_plan zero = {}, nonsense;
  std::memset(&nonsense, 0x5a, sizeof nonsense);
  CHECK(qkv_plan_describe(&zero, 1).task_count == 0);
  for_each_operation([&](const auto& operation, auto valid_call) {
    Planned planned(operation, valid_call);
    const Workspace workspace(large_workspace);
    CHECK(operation.run(&zero, &planned.args, 0, 0, 0, workspace.data()) == QKV_INVALID_ARGUMENT);
    CHECK(operation.run(&nonsense, &planned.args, 0, 1, 0, workspace.data()) == QKV_INVALID_ARGUMENT);
    for_each_operation([&](const auto& other, auto other_call) {
      if (static_cast<const void*>(&other) == static_cast<const void*>(&operation)) return;
      Planned foreign(other, other_call);
      CHECK(operation.run(&foreign.plan, &planned.args, 0, 1, 0, workspace.data()) == QKV_INVALID_ARGUMENT);
    });
    CHECK(planned.operands.outputs_unchanged());
  });
}

TEST_CASE("plan: task ranges and worker numbers out of bounds are refused") {
  for_each_operation([](const auto& operation, auto valid_call) {
    Planned planned(operation, valid_call);
    const Workspace workspace(planned.facts.workspace_bytes);
    const int64_t tasks = planned.facts.task_count;
    const std::vector<std::pair<int64_t, int64_t>> ranges{
        {-1, 1},        {0, tasks + 1},        {1, 0}, {tasks + 1, tasks + 1}, {INT64_MIN, 1},
        {0, INT64_MAX}, {INT64_MAX, INT64_MIN}};
    for (const auto& [first, last] : ranges) {
      CHECK(operation.run(&planned.plan, &planned.args, first, last, 0, workspace.data()) == QKV_INVALID_ARGUMENT);
    }
    CHECK(operation.run(&planned.plan, &planned.args, 0, tasks, -1, workspace.data()) == QKV_INVALID_ARGUMENT);
    CHECK(operation.run(&planned.plan, &planned.args, 0, 0, 0, workspace.data()) == QKV_OK);
    CHECK(operation.run(&planned.plan, &planned.args, tasks, tasks, 2, workspace.data()) == QKV_OK);
    CHECK(planned.operands.outputs_unchanged());
  });
}

TEST_CASE("plan: args of other shapes or strides than planned are refused") {
  for_each_operation([](const auto& operation, auto valid_call) {
    Planned planned(operation, valid_call);
    const Workspace workspace(planned.facts.workspace_bytes);
    const auto check_refused = [&](const char* what, auto change) {
      auto args = planned.args;
      change(args);
      CAPTURE(std::string(what));
      CHECK(operation.run(&planned.plan, &args, 0, planned.facts.task_count, 0, workspace.data()) ==
            QKV_INVALID_ARGUMENT);
    };
    if constexpr (requires { planned.args.output; }) {
      check_refused("shape", [](auto& args) { args.output.shape[0]--; });
      check_refused("stride", [](auto& args) { args.output.stride[0]--; });
      check_refused("no output", [](auto& args) { args.output = {}; });
    } else if constexpr (requires { planned.args.value; }) {
      check_refused("shape", [](auto& args) { args.value.shape[2]--; });
      check_refused("stride", [](auto& args) { args.value.stride[0]--; });
      check_refused("no value", [](auto& args) { args.value = {}; });
    } else {
      check_refused("copies", [](auto& args) { args.copies--; });
      check_refused("tokens", [](auto& args) { args.token_count--; });
    }
    CHECK(planned.operands.outputs_unchanged());
  });
}

TEST_CASE("plan: a workspace that is one byte short is refused") {
  for_each_operation([](const auto& operation, auto valid_call) {
    Planned planned(operation, valid_call);
    if (planned.facts.workspace_bytes == 0) return;
    ShuffledPool three(3, false, 1);
    const qkv_pool pool = three.handle();
    const Workspace workspace(planned.facts.workspace_bytes - 1);
    CHECK(operation.call(&planned.args, &pool, workspace.data(), workspace.size()) == QKV_WORKSPACE_TOO_SMALL);
    CHECK(names_argument(qkv_error_message(), "workspace"));
    CHECK(operation.call(&planned.args, nullptr, nullptr, 0) == QKV_WORKSPACE_TOO_SMALL);
    CHECK(operation.call(&planned.args, nullptr, nullptr, large_workspace) == QKV_WORKSPACE_TOO_SMALL);
    CHECK(planned.operands.outputs_unchanged());
  });
}

TEST_CASE("plan: a workspace that no size_t can hold is refused, whatever bytes the caller claims") {
  constexpr int64_t dim = int64_t{1} << 44, shape[] = {1, 1, 1, dim}, one[] = {1, 1, 1, 1};
  qkv_attention_args args = {};
  args.size = sizeof args;
  float element = 42;
  args.query = args.key = qkv_tensor_f32(&element, 4, shape);
  args.query.stride[3] = args.key.stride[3] = 0;
  const float value = 1;
  args.value = qkv_tensor_f32(&value, 4, one);
  args.output = qkv_tensor_f32(&element, 4, one);
  args.query.data = args.key.data = const_cast<float*>(&value);
  qkv_plan plan;
  REQUIRE(qkv_attention_plan(&args, &plan) == QKV_OK);
  REQUIRE(qkv_plan_describe(&plan, 1).workspace_bytes > size_t{1} << 45);
  ShuffledPool shuffled(1, false, 1);
  qkv_pool pool = shuffled.handle();
  for (int32_t workers : {1 << 20, 1 << 24, INT32_MAX}) {
    pool.worker_count = workers;
    CHECK(qkv_plan_describe(&plan, workers).workspace_bytes == SIZE_MAX);
    for (size_t bytes : {size_t{1} << 20, SIZE_MAX}) {
      CHECK(qkv_attention(&args, &pool, &pool, bytes) == QKV_WORKSPACE_TOO_SMALL);
    }
    CHECK(qkv_attention_run(&plan, &args, 0, 1, workers - 1, &pool) == QKV_INVALID_ARGUMENT);
    CHECK(names_argument(qkv_error_message(), "worker"));
  }
  CHECK(element == 42);
}

TEST_CASE("plan: hostile pools are refused") {
  for_each_operation([](const auto& operation, auto valid_call) {
    Planned planned(operation, valid_call);
    const Workspace workspace(large_workspace);
    ShuffledPool good(2, false, 1);
    for (int32_t workers : {0, -1, INT32_MIN}) {
      qkv_pool pool = good.handle();
      pool.worker_count = workers;
      CHECK(operation.call(&planned.args, &pool, workspace.data(), workspace.size()) == QKV_INVALID_ARGUMENT);
      CHECK(names_argument(qkv_error_message(), "worker_count"));
    }
    qkv_pool pool = good.handle();
    pool.parallel_for = nullptr;
    CHECK(operation.call(&planned.args, &pool, workspace.data(), workspace.size()) == QKV_INVALID_ARGUMENT);
    CHECK(names_argument(qkv_error_message(), "parallel_for"));
    CHECK(planned.operands.outputs_unchanged());
  });
}

TEST_CASE("plan: a newer caller's struct is welcome as long as its new fields are zero") {
  for_each_operation([](const auto& operation, auto valid_call) {
    Operands operands;
    const auto args = valid_call(operands);
    CHECK(call_newer(operation, args, 1) == QKV_UNSUPPORTED);
    CHECK(names_argument(qkv_error_message(), "size"));
    CHECK(operands.outputs_unchanged());
    CHECK(call_newer(operation, args, 0) == QKV_OK);
  });
}

TEST_CASE("plan: tasks write the outputs of their own range only, and all of them together everything") {
  for_each_divided_operation([](const auto& operation, auto valid_call) {
    Planned whole(operation, valid_call), pieces(operation, valid_call);
    CAPTURE(std::string(whole.facts.kernel));
    const Workspace workspace(whole.facts.workspace_bytes);
    const int64_t tasks = whole.facts.task_count;
    REQUIRE(tasks > 1);
    REQUIRE(operation.run(&whole.plan, &whole.args, 0, tasks, 0, workspace.data()) == QKV_OK);
    std::vector<float> collected = pieces.operands.outputs();
    std::vector<int> writers(collected.size());
    for (int64_t task = tasks; task-- > 0;) {
      pieces.operands.restore_outputs();
      const auto worker = static_cast<int32_t>(task % 3);
      REQUIRE(operation.run(&pieces.plan, &pieces.args, task, task + 1, worker, workspace.data()) == QKV_OK);
      const std::vector<float> outputs = pieces.operands.outputs();
      for (size_t i = 0; i < outputs.size(); i++) {
        if (outputs[i] == untouched) continue;
        writers[i]++;
        collected[i] = outputs[i];
      }
    }
    CHECK(std::ranges::all_of(writers, [](int count) { return count == 1; }));
    CHECK(collected == whole.operands.outputs());
  });
}

}  // namespace qkv_test
