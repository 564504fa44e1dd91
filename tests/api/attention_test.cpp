// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cmath>

#include "api/hostile.hpp"
#include "api/valid_calls.hpp"
#include "reference/attention.hpp"

namespace qkv_test {
namespace {

using Args = qkv_attention_args;

const int64_t negative_counts[] = {7, -1}, large_counts[] = {8, 7};

template <typename Spoil>
Fault<Args> shape_fault(const char* name, const char* argument, Spoil spoil) {
  return {name, spoil, argument};
}

std::vector<Fault<Args>> shape_faults() {
  return {
      shape_fault("key heads that do not divide", "key|query", [](Args& a) { a.key.shape[1] = a.value.shape[1] = 3; }),
      shape_fault("more key heads than query heads", "key|query|output", [](Args& a) { a.query.shape[1] = 1; }),
      shape_fault("no key heads", "key|value", [](Args& a) { a.key.shape[1] = a.value.shape[1] = 0; }),
      shape_fault("key of another batch", "key", [](Args& a) { a.key.shape[0] = 1; }),
      shape_fault("value of another batch", "value", [](Args& a) { a.value.shape[0] = 1; }),
      shape_fault("key of another dim", "key", [](Args& a) { a.key.shape[3] = 5; }),
      shape_fault("value of fewer keys", "value", [](Args& a) { a.value.shape[2] = 6; }),
      shape_fault("value of fewer heads", "value", [](Args& a) { a.value.shape[1] = 1; }),
      shape_fault("output of another dim", "output", [](Args& a) { a.output.shape[3] = 2; }),
      shape_fault("output of fewer rows", "output", [](Args& a) { a.output.shape[2] = 4; }),
      shape_fault("output of extent 1", "output", [](Args& a) { a.output.shape[2] = 1; }),
      shape_fault("lse of fewer rows", "lse", [](Args& a) { a.lse.shape[2] = 4; }),
      shape_fault("weights of fewer keys", "weights", [](Args& a) { a.weights.shape[3] = 6; }),
      shape_fault("bias of two keys", "bias", [](Args& a) { a.bias.shape[3] = 2; }),
      shape_fault("bias without keys", "bias", [](Args& a) { a.bias.shape[3] = 0; }),
      shape_fault("mask of two heads", "mask", [](Args& a) { a.mask.shape[1] = 2; }),
      shape_fault("absent query", "query", [](Args& a) { a.query = {}; }),
      shape_fault("absent value", "value", [](Args& a) { a.value = {}; }),
      shape_fault("absent output", "output", [](Args& a) { a.output = {}; }),
  };
}

std::vector<Fault<Args>> option_faults() {
  const auto scale = [](float value) {
    return [value](Args& args) {
      args.scale_is_set = 1;
      args.scale = value;
    };
  };
  return {{"NaN scale", scale(NAN), "scale"},
          {"a scale without its flag", [](Args& a) { a.scale = 0.5f; }, "scale = 0.5: not used, for scale_is_set = 0"},
          {"infinite scale", scale(-INFINITY), "scale"},
          {"a negative window_left", [](Args& a) { a.window_left = -1; }, "window_left"},
          {"the least window_left", [](Args& a) { a.window_left = INT64_MIN; }, "window_left"},
          {"a negative window_right", [](Args& a) { a.window_right = -1; }, "window_right"},
          {"the least window_right", [](Args& a) { a.window_right = INT64_MIN; }, "window_right"},
          {"a negative key_count", [](Args& a) { a.key_count = negative_counts; }, "key_count", Seen::in_either},
          {"a key_count beyond the keys", [](Args& a) { a.key_count = large_counts; }, "key_count", Seen::in_either}};
}

std::vector<Fault<Args>> all_faults() {
  using View = std::pair<std::string, qkv_tensor Args::*>;
  const std::vector<View> inputs{{"query", &Args::query},
                                 {"key", &Args::key},
                                 {"value", &Args::value},
                                 {"bias", &Args::bias},
                                 {"mask", &Args::mask}};
  std::vector<Fault<Args>> faults = size_faults<Args>();
  for (const auto& [name, view] : inputs) append(faults, view_faults(name, view));
  std::vector<View> others = inputs;
  for (const View& output : {View{"output", &Args::output}, View{"lse", &Args::lse}, View{"weights", &Args::weights}}) {
    append(faults, output_faults(output.first, output.second, others));
    others.push_back(output);
  }
  append(faults, shape_faults());
  append(faults, option_faults());
  return faults;
}

// The arguments of a problem without its data, which a plan does not need. The problem must live on.
Args shapes_only(const AttentionProblem& problem) {
  const auto contiguous = [](const Shape& shape) { return qkv_tensor_f32(nullptr, 4, shape.data()); };
  Args args = {};
  args.size = sizeof args;
  args.query = contiguous(problem.query_shape());
  args.key = contiguous(problem.key_shape());
  args.value = contiguous(problem.value_shape());
  args.output = contiguous(problem.output_shape());
  args.key_count = problem.key_count.empty() ? nullptr : problem.key_count.data();
  args.first_query_position = problem.first_query_position.empty() ? nullptr : problem.first_query_position.data();
  args.causal = problem.causal ? 1 : 0;
  args.window_left = problem.window_left;
  args.window_right = problem.window_right;
  return args;
}

int64_t visible_pairs(const AttentionProblem& problem) {
  int64_t pairs = 0;
  for_each_index(problem.weights_shape(), [&](int64_t batch, int64_t head, int64_t row, int64_t key) {
    pairs += visible(problem, batch, head, row, key) ? 1 : 0;
  });
  return pairs;
}

double planned_flops(const Args& args) {
  qkv_plan plan;
  REQUIRE_MESSAGE(qkv_attention_plan(&args, &plan) == QKV_OK, std::string(qkv_error_message()));
  return qkv_plan_describe(&plan, 1).flops;
}

}  // namespace

TEST_CASE("attention: hostile arguments are refused, named, and leave the outputs alone") {
  check_faults(attention_operation, all_faults(), valid_attention);
}

TEST_CASE("attention: extents of 1 may have any stride, absent operands any data") {
  Operands operands;
  Args args = valid_attention(operands);
  const float* element = static_cast<const float*>(args.bias.data);
  args.bias = {const_cast<float*>(element), QKV_F32, 4, {1, 1, 1, 1}, {INT64_MAX, INT64_MIN, -1, 0}};
  args.mask.rank = 0;
  args.mask.data = nullptr;
  CHECK(execute(attention_operation, args) == QKV_OK);
}

TEST_CASE("attention: empty problems take null pointers everywhere") {
  for (size_t axis : std::vector<size_t>{0, 2}) {
    Operands operands;
    Args args = valid_attention(operands);
    args.key_count = args.first_query_position = nullptr;
    for (qkv_tensor* view : {&args.query, &args.output, &args.weights, &args.bias, &args.mask}) {
      view->shape[axis] = 0;
      view->data = nullptr;
    }
    args.lse.shape[axis] = 0;
    args.lse.data = nullptr;
    if (axis == 0) args.key.shape[0] = args.value.shape[0] = 0;
    if (axis == 0) args.key.data = args.value.data = nullptr;
    CHECK_MESSAGE(execute(attention_operation, args) == QKV_OK, std::string(qkv_error_message()));
  }
}

TEST_CASE("attention: without keys the outputs are zeros and -inf") {
  Operands operands;
  Args args = valid_attention(operands);
  args.key_count = nullptr;
  for (qkv_tensor* view : {&args.key, &args.value}) {
    view->shape[2] = 0;
    view->data = nullptr;
  }
  for (qkv_tensor* view : {&args.weights, &args.bias, &args.mask}) {
    view->shape[3] = 0;
    view->data = nullptr;
  }
  REQUIRE_MESSAGE(execute(attention_operation, args) == QKV_OK, std::string(qkv_error_message()));
  for (int i = 0; i < 2 * 4 * 5 * 3; i++) CHECK(static_cast<const float*>(args.output.data)[i] == 0);
  for (int i = 0; i < 2 * 4 * 5; i++) CHECK(static_cast<const float*>(args.lse.data)[i] == -INFINITY);
}

TEST_CASE("attention: flops of a plan count the visible pairs at the given counts and positions") {
  Operands operands;
  Args args = valid_attention(operands);
  args.bias = args.mask = {};
  // Batch 0: rows see 1..5 of 7 keys. Batch 1: position 4, so all 3 keys in use.
  CHECK(planned_flops(args) == 2.0 * (6 + 3) * 4 * (1 + 2 + 3 + 4 + 5 + 5 * 3));
  args.causal = 0;
  CHECK(planned_flops(args) == 2.0 * (6 + 3) * 4 * 5 * (7 + 3));
  args.key_count = nullptr;
  CHECK(planned_flops(args) == 2.0 * (6 + 3) * 4 * 5 * (7 + 7));
  qkv_plan plan;
  REQUIRE(qkv_attention_plan(&args, &plan) == QKV_OK);
  CHECK(qkv_plan_describe(&plan, 1).bytes >= 4.0 * (2 * 4 * 5 * (6 + 3) + 2 * 2 * 7 * (6 + 3)));
}

TEST_CASE("attention: flops of a plan are those of a loop over rows and keys") {
  for (uint64_t seed = 1; seed <= 2000; seed++) {
    Random random(seed);
    AttentionProblem problem{
        .batch = random.integer(1, 3), .queries = random.integer(0, 9), .keys = random.integer(0, 12)};
    problem.causal = random.chance(0.6);
    if (random.chance(0.4)) problem.window_left = random.pick<int64_t>({random.integer(1, 15), INT64_MAX});
    if (random.chance(0.4)) problem.window_right = random.pick<int64_t>({random.integer(1, 15), INT64_MAX});
    for (int64_t batch = 0; batch < problem.batch; batch++) {
      problem.key_count.push_back(random.integer(0, problem.keys));
      problem.first_query_position.push_back(
          random.pick<int64_t>({random.integer(-12, 15), random.integer(-12, 15), INT64_MIN, INT64_MAX}));
    }
    if (random.chance(0.3)) problem.key_count.clear();
    if (random.chance(0.3)) problem.first_query_position.clear();
    CAPTURE(seed);
    CHECK(planned_flops(shapes_only(problem)) == 2.0 * 2 * static_cast<double>(visible_pairs(problem)));
  }
}

TEST_CASE("attention: a plan for more rows or batch entries than could ever run takes no time") {
  const auto huge = [](int64_t batch, int64_t rows, int64_t keys, int64_t dim) {
    return shapes_only(
        {.batch = batch, .queries = rows, .keys = keys, .key_dim = dim, .value_dim = dim, .causal = true});
  };
  constexpr int64_t most = int64_t{1} << 60;
  CHECK(planned_flops(huge(1, most, 3, 0)) == 0);
  CHECK(planned_flops(huge(most, 0, 1, 1)) == 0);
  CHECK(planned_flops(huge(most, 1, 0, 0)) == 0);
  CHECK(planned_flops(huge(0, most, 3, 1)) == 0);
}

TEST_CASE("attention: an empty problem has no task, however large its other extents") {
  constexpr int64_t most = INT64_MAX;
  const Shape shapes[] = {{0, 1, most, 1}, {0, most, 1, 1}, {0, most, most, most}, {int64_t{1} << 60, 1, 0, 1}};
  for (const auto& [batch, heads, rows, dim] : shapes) {
    const Args args = shapes_only({.batch = batch, .query_heads = heads, .queries = rows, .keys = 0, .key_dim = dim});
    qkv_plan plan;
    REQUIRE_MESSAGE(qkv_attention_plan(&args, &plan) == QKV_OK, std::string(qkv_error_message()));
    const qkv_plan_facts facts = qkv_plan_describe(&plan, INT32_MAX);
    CHECK(facts.task_count == 0);
    CHECK(facts.workspace_bytes == 0);
    CHECK(facts.flops == 0);
  }
}

TEST_CASE("attention: a run with other windows than the plan's is refused and writes nothing") {
  for (int64_t Args::*const window : {&Args::window_left, &Args::window_right}) {
    for (const int64_t other : {int64_t{0}, int64_t{2}, INT64_MAX, int64_t{-1}}) {
      Operands operands;
      Args args = valid_attention(operands);
      args.*window = 3;
      qkv_plan plan;
      REQUIRE(qkv_attention_plan(&args, &plan) == QKV_OK);
      const Workspace workspace(qkv_plan_describe(&plan, 1).workspace_bytes);
      args.*window = other;
      CAPTURE(other);
      CHECK(qkv_attention_run(&plan, &args, 0, 1, 0, workspace.data()) == QKV_INVALID_ARGUMENT);
      CHECK(operands.outputs_unchanged());
      args.*window = 3;
      CHECK(qkv_attention_run(&plan, &args, 0, 1, 0, workspace.data()) == QKV_OK);
    }
  }
}

TEST_CASE("attention: a plan holds for other data, counts and positions of the same shapes") {
  Operands operands, other_operands;
  const Args args = valid_attention(operands);
  Args other = valid_attention(other_operands);
  const int64_t other_counts[] = {2, 0}, other_positions[] = {9, -9};
  other.key_count = other_counts;
  other.first_query_position = other_positions;
  qkv_plan plan;
  REQUIRE(qkv_attention_plan(&args, &plan) == QKV_OK);
  const qkv_plan_facts facts = qkv_plan_describe(&plan, 1);
  const Workspace workspace(facts.workspace_bytes);
  REQUIRE(qkv_attention_run(&plan, &other, 0, facts.task_count, 0, workspace.data()) == QKV_OK);
  Operands fresh_operands;
  Args fresh = valid_attention(fresh_operands);
  fresh.key_count = other_counts;
  fresh.first_query_position = other_positions;
  REQUIRE(execute(attention_operation, fresh) == QKV_OK);
  CHECK(std::memcmp(fresh.output.data, other.output.data, 2 * 4 * 5 * 3 * sizeof(float)) == 0);
}

}  // namespace qkv_test
