// SPDX-License-Identifier: Apache-2.0
// The choices of a caller: what is refused, what means the default, and when they are read.
#include <doctest/doctest.h>

#include <memory>

#include "api/hostile.hpp"
#include "api/valid_calls.hpp"

namespace qkv_test {
namespace {

struct Field {
  const char* name;
  int64_t qkv_tuning::*value;
  int64_t least, most;
  std::vector<int64_t> wrong = {};  // besides what is outside
};

const std::vector<Field>& fields() {
  constexpr int64_t many = 65536;
  static const std::vector<Field> all{
      {"keys_per_block", &qkv_tuning::keys_per_block, 16, 512, {1, 15, 17, 24, 504}},
      {"blocks_per_span", &qkv_tuning::blocks_per_span, 1, many},
      {"prefill_rows_per_task", &qkv_tuning::prefill_rows_per_task, 1, 256},
      {"decode_query_rows", &qkv_tuning::decode_query_rows, 1, 64},
      {"matmul_rows_per_task", &qkv_tuning::matmul_rows_per_task, 1, many},
      {"matmul_panels_per_task", &qkv_tuning::matmul_panels_per_task, 1, many},
      {"matmul_least_tasks", &qkv_tuning::matmul_least_tasks, 1, many},
      {"matmul_depth_block", &qkv_tuning::matmul_depth_block, 16, many, {1, 15}},
  };
  return all;
}

qkv_tuning tuning_of_size(size_t size) {
  qkv_tuning tuning = {};
  tuning.size = size;
  return tuning;
}

qkv_tuning tuning_with(const Field& field, int64_t value) {
  qkv_tuning tuning = tuning_of_size(sizeof tuning);
  tuning.*field.value = value;
  return tuning;
}

// The tuning lives as long as the fault.
template <typename Args>
Fault<Args> tuning_fault(const std::string& name, const qkv_tuning& tuning, const std::string& argument) {
  const auto kept = std::make_shared<const qkv_tuning>(tuning);
  return {name, [kept](Args& args) { args.tuning = kept.get(); }, argument};
}

template <typename Args>
std::vector<Fault<Args>> tuning_faults() {
  std::vector<Fault<Args>> faults;
  for (const Field& field : fields()) {
    std::vector<int64_t> wrong{-1, INT64_MIN, field.most + 1, 2 * field.most, INT64_MAX};
    append(wrong, field.wrong);
    for (const int64_t value : wrong) {
      const std::string name = std::string("tuning.") + field.name + " = " + std::to_string(value);
      faults.push_back(tuning_fault<Args>(name, tuning_with(field, value), name + ":"));
    }
  }
  for (const size_t size : {size_t{0}, size_t{1}, sizeof(size_t) - 1, size_t{1} << 40, SIZE_MAX}) {
    const std::string name = "tuning.size = " + std::to_string(size);
    faults.push_back(tuning_fault<Args>(name, tuning_of_size(size), name + ":"));
  }
  return faults;
}

template <typename Visit>
void for_each_tuned_operation(const Visit& visit) {
  visit(attention_operation, valid_attention);
  visit(matmul_operation, divided_matmul);
}

template <typename Args>
qkv_plan plan_with(const Operation<Args>& operation, Args args, const qkv_tuning* tuning) {
  args.tuning = tuning;
  qkv_plan plan;
  REQUIRE_MESSAGE(operation.plan(&args, &plan) == QKV_OK, std::string(qkv_error_message()));
  return plan;
}

bool same(const qkv_plan& one, const qkv_plan& other) {
  return std::memcmp(&one, &other, sizeof one) == 0;
}

}  // namespace

TEST_CASE("tuning: values out of range are refused, named, and leave the outputs alone") {
  check_faults(attention_operation, tuning_faults<qkv_attention_args>(), valid_attention);
  check_faults(matmul_operation, tuning_faults<qkv_matmul_args>(), valid_matmul);
}

TEST_CASE("tuning: the ends of each range are accepted") {
  for (const Field& field : fields()) {
    for (const int64_t value : {field.least, field.most}) {
      const qkv_tuning tuning = tuning_with(field, value);
      INFO(std::string(field.name), " = ", value);
      for_each_tuned_operation([&](const auto& operation, auto valid_call) {
        Operands operands;
        auto args = valid_call(operands);
        args.tuning = &tuning;
        CHECK_MESSAGE(execute(operation, args) == QKV_OK, std::string(qkv_error_message()));
        CHECK_FALSE(operands.outputs_unchanged());
      });
    }
  }
}

TEST_CASE("tuning: 0 means the default, which qkv_tuning_default tells") {
  const qkv_tuning zero = tuning_of_size(sizeof zero), told = qkv_tuning_default();
  CHECK(told.size == sizeof told);
  for_each_tuned_operation([&](const auto& operation, auto valid_call) {
    Operands operands;
    const auto args = valid_call(operands);
    const qkv_plan plain = plan_with(operation, args, nullptr);
    CHECK(same(plain, plan_with(operation, args, &zero)));
    CHECK(same(plain, plan_with(operation, args, &told)));
    for (const Field& field : fields()) {
      INFO(std::string(field.name));
      CHECK(told.*field.value >= field.least);
      CHECK(told.*field.value <= field.most);
      const qkv_tuning one = tuning_with(field, told.*field.value);
      CHECK(same(plain, plan_with(operation, args, &one)));
    }
  });
}

TEST_CASE("tuning: each field changes the plan of its own operation and of no other") {
  for (const Field& field : fields()) {
    qkv_tuning least = tuning_of_size(sizeof least), most = least;
    least.decode_query_rows = most.decode_query_rows = 1;  // rows per task mean something in prefill only
    least.*field.value = field.least;
    most.*field.value = field.most;
    const bool of_matmul = std::string(field.name).starts_with("matmul_");
    INFO(std::string(field.name));
    Operands operands;
    const qkv_attention_args attention = valid_attention(operands);
    const qkv_matmul_args matmul = divided_matmul(operands);
    CHECK(same(plan_with(attention_operation, attention, &least), plan_with(attention_operation, attention, &most)) ==
          of_matmul);
    if (!of_matmul) {
      CHECK(same(plan_with(matmul_operation, matmul, &least), plan_with(matmul_operation, matmul, &most)));
    }
  }
}

TEST_CASE("tuning: an older caller's shorter struct has defaults, a newer one's zeros are welcome") {
  struct Newer {
    qkv_tuning known;
    int64_t more;
  };
  Newer newer{tuning_of_size(sizeof newer), 0};
  const qkv_tuning older = [] {
    qkv_tuning tuning = tuning_of_size(sizeof(size_t) + sizeof(int64_t));
    tuning.keys_per_block = 32;
    tuning.blocks_per_span = -7;  // behind its end
    return tuning;
  }();
  const qkv_tuning same_choice = tuning_with(fields().front(), 32);
  Operands operands;
  qkv_attention_args args = valid_attention(operands);
  CHECK(same(plan_with(attention_operation, args, &older), plan_with(attention_operation, args, &same_choice)));
  CHECK(same(plan_with(attention_operation, args, &newer.known), plan_with(attention_operation, args, nullptr)));
  newer.more = 1;
  args.tuning = &newer.known;
  CHECK(execute(attention_operation, args) == QKV_UNSUPPORTED);
  CHECK(names_argument(qkv_error_message(), "tuning.size"));
  CHECK(operands.outputs_unchanged());
}

TEST_CASE("tuning: it is read when the plan is made, and never again") {
  for_each_tuned_operation([](const auto& operation, auto valid_call) {
    Operands operands;
    auto args = valid_call(operands);
    qkv_tuning tuning = qkv_tuning_default();
    const qkv_plan plan = plan_with(operation, args, &tuning);
    tuning.size = 0;
    args.tuning = &tuning;
    const qkv_plan_facts facts = qkv_plan_describe(&plan, 1);
    const Workspace workspace(facts.workspace_bytes);
    CHECK(operation.run(&plan, &args, 0, facts.task_count, 0, workspace.data()) == QKV_OK);
  });
}

}  // namespace qkv_test
