// SPDX-License-Identifier: Apache-2.0
#include "rows/row_calls.hpp"

namespace qkv_test {
namespace {

const float canary = std::bit_cast<float>(0x7fc0dead);

class Layouts {
 public:
  explicit Layouts(const RowCall& call) : seed_(call.layout_seed), random_(call.layout_seed) {}
  Layout next() { return seed_ == 0 ? Layout{} : random_layout(random_); }

 private:
  uint64_t seed_;
  Random random_;
};

StagedTensor<float> stage_output(const Shape& shape, Layouts& layouts) {
  return {Array<float>(shape, canary), 2, layouts.next()};
}

StagedTensor<int64_t> stage_numbers(const std::vector<int64_t>& numbers) {
  if (numbers.empty()) return {};
  Array<int64_t> array({1, 1, 1, static_cast<int64_t>(numbers.size())});
  array.values() = numbers;
  return {array, 1};
}

template <typename Args>
void run(const Operation<Args>& operation, const Args& args, const RowCall& call) {
  REQUIRE_MESSAGE(execute(operation, args, call.execution) == QKV_OK, std::string(qkv_error_message()));
}

// Reads the output and checks that nothing around it was written.
Array<float> read(const StagedTensor<float>& output) {
  REQUIRE_MESSAGE(output.gaps_unchanged(), "memory between output elements was written to");
  return output.gather();
}

}  // namespace

Array<float> call_softmax(const SoftmaxProblem& problem, const RowCall& call) {
  Layouts layouts(call);
  const StagedTensor<float> input(problem.input, 2, layouts.next());
  const StagedTensor<float> bias(problem.bias, problem.shape(), 2, layouts.next());
  const StagedTensor<uint8_t> mask(problem.mask, problem.shape(), 2, layouts.next());
  const StagedTensor<float> separate = stage_output(problem.shape(), layouts);
  const StagedTensor<float>& output = call.in_place ? input : separate;
  qkv_softmax_args args = {};
  args.size = sizeof args;
  args.input = input.view();
  args.output = output.view();
  args.bias = bias.view();
  args.mask = mask.view();
  args.scale_is_set = problem.scale ? 1 : 0;
  args.scale = problem.scale.value_or(0);
  run(softmax_operation, args, call);
  REQUIRE((call.in_place || input.unchanged()));
  REQUIRE((bias.unchanged() && mask.unchanged()));
  return read(output);
}

NormResult call_norm(const NormProblem& problem, bool want_sum, const RowCall& call) {
  Layouts layouts(call);
  const StagedTensor<float> input(problem.input, 2, layouts.next());
  const StagedTensor<float> residual(problem.residual, 2, layouts.next());
  const StagedTensor<float> weight(problem.weight, 1, layouts.next()), bias(problem.bias, 1, layouts.next());
  const StagedTensor<float> separate = stage_output(problem.shape(), layouts);
  const StagedTensor<float> separate_sum = stage_output(problem.shape(), layouts);
  const StagedTensor<float>& output = call.in_place ? input : separate;
  const StagedTensor<float>& sum = call.in_place && problem.residual.present() ? residual : separate_sum;
  qkv_norm_args args = {};
  args.size = sizeof args;
  args.kind = problem.kind;
  args.epsilon = problem.epsilon;
  args.input = input.view();
  args.output = output.view();
  args.residual = residual.view();
  if (want_sum) args.sum = sum.view();
  args.weight = weight.view();
  args.bias = bias.view();
  run(norm_operation, args, call);
  REQUIRE((call.in_place || (input.unchanged() && residual.unchanged())));
  REQUIRE((weight.unchanged() && bias.unchanged()));
  return {read(output), want_sum ? read(sum) : Array<float>()};
}

Array<float> call_activation(int32_t kind, const Array<float>& values, const RowCall& call,
                             const Array<float>& multiplier) {
  Layouts layouts(call);
  const StagedTensor<float> input(values, 2, layouts.next());
  const StagedTensor<float> separate = stage_output(values.shape(), layouts);
  const StagedTensor<float>& output = call.in_place ? input : separate;
  const StagedTensor<float> factors(multiplier, values.shape(), 2, layouts.next());
  const qkv_activation_args args{sizeof args, kind, input.view(), output.view(), factors.view()};
  run(activation_operation, args, call);
  REQUIRE((call.in_place || input.unchanged()));
  REQUIRE(factors.unchanged());
  return read(output);
}

Array<float> call_embedding(const Array<float>& table, const std::vector<int64_t>& ids, const Array<float>& addend,
                            const RowCall& call) {
  Layouts layouts(call);
  const StagedTensor<float> staged_table(table, 2, layouts.next());
  const StagedTensor<int64_t> staged_ids = stage_numbers(ids);
  const Shape shape{1, 1, static_cast<int64_t>(ids.size()), table.shape()[3]};
  const StagedTensor<float> output(addend.present() ? addend : Array<float>(shape, canary), 2, layouts.next());
  const qkv_embedding_args args{sizeof args, staged_table.view(), staged_ids.data(), output.view(),
                                addend.present() ? 1 : 0};
  run(embedding_operation, args, call);
  REQUIRE((staged_table.unchanged() && staged_ids.unchanged()));
  return read(output);
}

Array<float> call_position(const PositionProblem& problem, const RowCall& call) {
  Layouts layouts(call);
  const StagedTensor<float> table(problem.table, 2, layouts.next());
  const StagedTensor<int64_t> positions = stage_numbers(problem.positions);
  const Array<float> initial = problem.addend.present() ? problem.addend : Array<float>(problem.shape(), canary);
  const StagedTensor<float> output(initial, 2, layouts.next());
  qkv_position_args args = {};
  args.size = sizeof args;
  args.kind = problem.kind;
  args.accumulate = problem.addend.present() ? 1 : 0;
  args.output = output.view();
  args.positions = positions.data();
  args.first_position = problem.first_position;
  args.table = table.view();
  args.base = problem.base;
  run(position_operation, args, call);
  REQUIRE((table.unchanged() && positions.unchanged()));
  return read(output);
}

Array<float> call_rope_table(const RopeTableProblem& problem, const RowCall& call) {
  Layouts layouts(call);
  const StagedTensor<float> divisors(problem.divisors, 1, layouts.next());
  const StagedTensor<int64_t> positions = stage_numbers(problem.positions);
  const StagedTensor<float> output = stage_output(problem.shape(), layouts);
  qkv_rope_table_args args = problem.args();
  args.output = output.view();
  args.positions = positions.data();
  args.divisors = divisors.view();
  run(rope_table_operation, args, call);
  REQUIRE((divisors.unchanged() && positions.unchanged()));
  return read(output);
}

Array<float> call_rope(const RopeProblem& problem, const RowCall& call) {
  Layouts layouts(call);
  const StagedTensor<float> table(problem.table, 2, layouts.next());
  const StagedTensor<float> input(problem.input, 3, layouts.next());
  const StagedTensor<float> separate(Array<float>(problem.input.shape(), canary), 3, layouts.next());
  const StagedTensor<float>& output = call.in_place ? input : separate;
  const qkv_rope_args args{sizeof args, problem.kind, table.view(), input.view(), output.view()};
  run(rope_operation, args, call);
  REQUIRE((call.in_place || input.unchanged()));
  REQUIRE(table.unchanged());
  return read(output);
}

}  // namespace qkv_test
