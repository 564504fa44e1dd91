// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cmath>

#include "api/hostile.hpp"
#include "api/valid_calls.hpp"

namespace qkv_test {
namespace {

const int64_t id_too_large[] = {0, 8, 3, 9, 1, 7}, id_negative[] = {0, 8, 3, 3, 1, -1};
const int64_t id_huge[] = {INT64_MAX, 0, 0, 0, 0, 0}, id_least[] = {0, 0, INT64_MIN, 0, 0, 0};

template <typename Args>
Fault<Args> option_fault(const char* name, const char* argument, std::function<void(Args&)> spoil) {
  return {name, spoil, argument};
}

template <typename Args>
void add_id_faults(std::vector<Fault<Args>>& faults, const int64_t* Args::*ids, const char* argument) {
  for (const int64_t* wrong : {id_too_large, id_negative, id_huge, id_least}) {
    faults.push_back({"an id out of range", [ids, wrong](Args& args) { args.*ids = wrong; }, argument, Seen::in_run});
  }
}

}  // namespace

TEST_CASE("softmax: hostile arguments are refused, named, and leave the output alone") {
  using Args = qkv_softmax_args;
  std::vector<Fault<Args>> faults = size_faults<Args>();
  append(faults, view_faults("input", &Args::input));
  append(faults, view_faults("bias", &Args::bias));
  append(faults, view_faults("mask", &Args::mask));
  append(faults, output_faults<Args>("output", &Args::output, {{"bias", &Args::bias}, {"mask", &Args::mask}}));
  append(faults,
         {option_fault<Args>("output of fewer rows", "output|input", [](Args& a) { a.output.shape[0] = 5; }),
          option_fault<Args>("bias of fewer rows", "bias", [](Args& a) { a.bias.shape[0] = 5; }),
          option_fault<Args>("mask of fewer columns", "mask", [](Args& a) { a.mask.shape[1] = 19; }),
          option_fault<Args>("NaN scale", "scale",
                             [](Args& a) {
                               a.scale_is_set = 1;
                               a.scale = NAN;
                             }),
          {"output over input, one element on", [](Args& a) { a.output.data = static_cast<float*>(a.input.data) + 1; },
           "output|input", Seen::in_run}});
  check_faults(softmax_operation, faults, valid_softmax);
}

TEST_CASE("norm: hostile arguments are refused, named, and leave the outputs alone") {
  using Args = qkv_norm_args;
  std::vector<Fault<Args>> faults = size_faults<Args>();
  append(faults, view_faults("input", &Args::input));
  append(faults, view_faults("residual", &Args::residual));
  append(faults, view_faults("weight", &Args::weight));
  append(faults, view_faults("bias", &Args::bias));
  append(faults, output_faults<Args>("output", &Args::output, {{"weight", &Args::weight}, {"bias", &Args::bias}}));
  append(faults, output_faults<Args>("sum", &Args::sum, {{"weight", &Args::weight}, {"output", &Args::output}}));
  const auto number = [](const char* name, float epsilon) {
    return option_fault<Args>(name, "epsilon", [epsilon](Args& a) { a.epsilon = epsilon; });
  };
  append(faults,
         {number("NaN epsilon", NAN), number("negative epsilon", -1e-5f), number("infinite epsilon", INFINITY),
          option_fault<Args>("unknown kind", "kind", [](Args& a) { a.kind = 2; }),
          option_fault<Args>("negative kind", "kind", [](Args& a) { a.kind = -1; }),
          option_fault<Args>("output of fewer rows", "output|input", [](Args& a) { a.output.shape[0] = 5; }),
          option_fault<Args>("residual of fewer columns", "residual", [](Args& a) { a.residual.shape[1] = 19; }),
          option_fault<Args>("weight of fewer columns", "weight", [](Args& a) { a.weight.shape[0] = 19; }),
          option_fault<Args>("no columns", "input|output", [](Args& a) {
            for (qkv_tensor* view : {&a.input, &a.output, &a.residual, &a.sum}) view->shape[1] = 0;
            a.weight.shape[0] = a.bias.shape[0] = 0;
          })});
  check_faults(norm_operation, faults, valid_norm);
}

TEST_CASE("activation: hostile arguments are refused, named, and leave the output alone") {
  using Args = qkv_activation_args;
  std::vector<Fault<Args>> faults = size_faults<Args>();
  append(faults, view_faults("input", &Args::input));
  append(faults, view_faults("multiplier", &Args::multiplier));
  append(faults,
         output_faults<Args>("output", &Args::output, {{"input", &Args::input}, {"multiplier", &Args::multiplier}}));
  append(faults,
         {option_fault<Args>("unknown kind", "kind", [](Args& a) { a.kind = 5; }),
          option_fault<Args>("multiplier of fewer columns", "multiplier", [](Args& a) { a.multiplier.shape[1] = 19; }),
          option_fault<Args>("negative kind", "kind", [](Args& a) { a.kind = -1; }),
          option_fault<Args>("output of fewer rows", "output|input", [](Args& a) { a.output.shape[0] = 5; })});
  check_faults(activation_operation, faults, valid_activation);
}

TEST_CASE("activation: an element 2^63 bytes before the first is out of reach") {
  float elements[] = {1, 2}, output[] = {42, 42};
  qkv_activation_args args = {sizeof args, QKV_RELU, {}, {}, {}};
  args.input = {elements, QKV_F32, 2, {2, 1}, {INT64_MIN / 4, 1}};
  args.output = {output, QKV_F32, 2, {2, 1}, {1, 1}};
  CHECK(execute(activation_operation, args) == QKV_INVALID_ARGUMENT);
  CHECK(names_argument(qkv_error_message(), "input"));
  CHECK((output[0] == 42 && output[1] == 42));
}

TEST_CASE("embedding: hostile arguments are refused, named, and leave the output alone") {
  using Args = qkv_embedding_args;
  std::vector<Fault<Args>> faults = size_faults<Args>();
  append(faults, view_faults("table", &Args::table));
  append(faults, output_faults<Args>("output", &Args::output, {{"table", &Args::table}}));
  append(faults,
         {option_fault<Args>("output of fewer columns", "output|table", [](Args& a) { a.output.shape[1] = 19; }),
          {"no ids", [](Args& a) { a.ids = nullptr; }, "ids", Seen::in_run}});
  add_id_faults(faults, &Args::ids, "ids");
  check_faults(embedding_operation, faults, valid_embedding);
}

TEST_CASE("embedding: an empty table has no valid id, and needs none for no rows") {
  Operands operands;
  qkv_embedding_args args = valid_embedding(operands);
  args.table.shape[0] = 0;
  args.table.data = nullptr;
  CHECK(execute(embedding_operation, args) == QKV_INVALID_ARGUMENT);
  args.output.shape[0] = 0;
  args.output.data = nullptr;
  args.ids = nullptr;
  CHECK(execute(embedding_operation, args) == QKV_OK);
}

TEST_CASE("position: hostile arguments are refused, named, and leave the output alone") {
  using Args = qkv_position_args;
  std::vector<Fault<Args>> faults = size_faults<Args>();
  append(faults, view_faults("table", &Args::table));
  append(faults, output_faults<Args>("output", &Args::output, {{"table", &Args::table}}));
  add_id_faults(faults, &Args::positions, "positions");
  append(faults,
         {option_fault<Args>("output of fewer columns", "output|table", [](Args& a) { a.output.shape[1] = 19; }),
          option_fault<Args>("no table", "table", [](Args& a) { a.table = {}; }),
          option_fault<Args>("unknown kind", "kind", [](Args& a) { a.kind = 3; }),
          option_fault<Args>("negative kind", "kind", [](Args& a) { a.kind = -1; }),
          {"first_position past the table",
           [](Args& a) {
             a.positions = nullptr;
             a.first_position = 4;
           },
           "first_position", Seen::in_either},
          {"first_position whose rows overflow",
           [](Args& a) {
             a.positions = nullptr;
             a.first_position = INT64_MAX;
           },
           "first_position", Seen::in_either},
          {"negative first_position",
           [](Args& a) {
             a.positions = nullptr;
             a.first_position = -1;
           },
           "first_position", Seen::in_either}});
  check_faults(position_operation, faults, valid_position);
}

TEST_CASE("position: hostile sinusoids are refused") {
  using Args = qkv_position_args;
  const auto valid_sinusoid = [](Operands& operands) {
    Args args = valid_position(operands);
    args.kind = QKV_POSITION_SINUSOIDAL;
    args.table = {};
    return args;
  };
  const auto base = [](const char* name, float value) {
    return option_fault<Args>(name, "base", [value](Args& a) { a.base = value; });
  };
  const std::vector<Fault<Args>> faults{
      base("negative base", -1),
      base("NaN base", NAN),
      base("infinite base", INFINITY),
      option_fault<Args>("odd columns", "output", [](Args& a) { a.output.shape[1] = 19; }),
      option_fault<Args>("two columns in halves", "output",
                         [](Args& a) {
                           a.kind = QKV_POSITION_SINUSOIDAL_HALVES;
                           a.output.shape[1] = 2;
                         }),
      {"a negative position", [](Args& a) { a.positions = id_negative; }, "positions", Seen::in_run}};
  check_faults<Args>(position_operation, faults, valid_sinusoid);
}

TEST_CASE("rope: hostile arguments are refused, named, and leave the output alone") {
  using Args = qkv_rope_args;
  std::vector<Fault<Args>> faults = size_faults<Args>();
  append(faults, view_faults("input", &Args::input));
  append(faults, view_faults("table", &Args::table));
  append(faults, output_faults<Args>("output", &Args::output, {{"input", &Args::input}, {"table", &Args::table}}));
  append(faults, {option_fault<Args>("unknown kind", "kind", [](Args& a) { a.kind = 2; }),
                  option_fault<Args>("odd pairs", "table", [](Args& a) { a.table.shape[1] = 17; }),
                  option_fault<Args>("no pairs", "table", [](Args& a) { a.table.shape[1] = 0; }),
                  option_fault<Args>("more pairs than dims", "table", [](Args& a) { a.table.shape[1] = 22; }),
                  option_fault<Args>("table of fewer rows", "table", [](Args& a) { a.table.shape[0] = 5; }),
                  option_fault<Args>("output of fewer heads", "output", [](Args& a) { a.output.shape[1] = 1; })});
  check_faults(rope_operation, faults, valid_rope);
}

TEST_CASE("rope table: hostile arguments are refused, named, and leave the output alone") {
  using Args = qkv_rope_table_args;
  static const float bad_divisors[] = {1, 1, NAN, 1, 1, 1, 1, 1, 1, 1};
  std::vector<Fault<Args>> faults = size_faults<Args>();
  append(faults, view_faults("divisors", &Args::divisors));
  append(faults, output_faults<Args>("output|divisors", &Args::output, {{"divisors", &Args::divisors}}));
  const auto number = [](const char* argument, float Args::*field, float value) {
    return option_fault<Args>(argument, argument, [field, value](Args& a) { a.*field = value; });
  };
  for (float value : {NAN, INFINITY, -1.0f}) {
    append(faults, {number("base", &Args::base, value), number("factor", &Args::factor, value),
                    number("original_context", &Args::original_context, value),
                    number("low_turns", &Args::low_turns, value), number("high_turns", &Args::high_turns, value)});
  }
  append(faults,
         {number("magnitude", &Args::magnitude, NAN),
          number("factor", &Args::factor, 0.5f),
          number("base", &Args::base, 1),
          number("high_turns", &Args::high_turns, 0.5f),
          option_fault<Args>("a factor without a scaling", "factor", [](Args& a) { a.scaling = QKV_ROPE_UNSCALED; }),
          option_fault<Args>("a context that is not read", "original_context",
                             [](Args& a) { a.scaling = QKV_ROPE_LINEAR; }),
          option_fault<Args>("low turns above the default of the high ones", "high_turns = 32 (the default)",
                             [](Args& a) { a.low_turns = 40; }),
          option_fault<Args>("unknown scaling", "scaling", [](Args& a) { a.scaling = 4; }),
          option_fault<Args>("odd columns", "output", [](Args& a) { a.output.shape[1] = 19; }),
          option_fault<Args>("fewer divisors", "divisors", [](Args& a) { a.divisors.shape[0] = 9; }),
          {"a divisor that is none", [](Args& a) { a.divisors.data = const_cast<float*>(bad_divisors); }, "divisors",
           Seen::in_run}});
  check_faults(rope_table_operation, faults, valid_rope_table);
}

}  // namespace qkv_test
