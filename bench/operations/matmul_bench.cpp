// SPDX-License-Identifier: Apache-2.0
// Matmul with a weight that is packed before the clock runs, as a runtime does when it loads a model.
#include "operations/call_of.hpp"
#include "problems/work.hpp"
#include "reference/matmul.hpp"

namespace qkv::bench {
namespace {

struct MatmulOperands {
  explicit MatmulOperands(const Matmul& sizes)
      : shape(sizes),
        weight(std::make_shared<const Floats>(sizes.n * sizes.k, 1)),
        input(sizes.m * sizes.k, 2),
        bias(sizes.bias != 0 ? sizes.n : 0, 3),
        result(Floats::filled(sizes.m * sizes.n, 0)) {
    const qkv_tensor weight_view = qkv::input(*weight, {shape.n, shape.k});
    size_t bytes = 0;
    qkv::check(qkv_matmul_pack_bytes(&weight_view, &bytes));
    packed = Floats::filled(static_cast<int64_t>((bytes + sizeof(float) - 1) / sizeof(float)), 0);
    qkv::check(qkv_matmul_pack(&weight_view, packed.data(), bytes));
  }

  qkv_matmul_args args() {
    auto args = make<qkv_matmul_args>();
    args.input = view(input, {shape.m, shape.k});
    args.weight = packed.data();
    if (shape.bias != 0) args.bias = view(bias, {shape.n});
    args.output = view(result, {shape.m, shape.n});
    args.activation = static_cast<int32_t>(shape.activation);
    return args;
  }

  Floats& output() { return result; }

  // Some rows times some columns.
  Verdict verdict() const {
    const std::vector<int64_t> rows = spread(shape.m, 2 * least_sampled_rows);
    const double work_per_column = static_cast<double>(shape.k) * static_cast<double>(rows.size());
    const std::vector<int64_t> columns = sampled_rows(shape.n, work_per_column);
    qkv_test::MatmulProblem problem{.m = static_cast<int64_t>(rows.size()),
                                    .n = static_cast<int64_t>(columns.size()),
                                    .k = shape.k,
                                    .activation = static_cast<int32_t>(shape.activation)};
    problem.input = gather_rows(input, shape.k, rows);
    problem.weight = gather_rows(*weight, shape.k, columns);
    qkv_test::Array<float> actual(problem.output_shape());
    if (shape.bias != 0) problem.bias = qkv_test::Array<float>(problem.bias_shape());
    for (int64_t j = 0; j < problem.n; j++) {
      const int64_t column = columns[static_cast<size_t>(j)];
      if (shape.bias != 0) problem.bias(0, j) = bias.data()[column];
      for (int64_t i = 0; i < problem.m; i++) {
        actual(i, j) = result.data()[rows[static_cast<size_t>(i)] * shape.n + column];
      }
    }
    return compare(actual, matmul_reference(problem));
  }

  Matmul shape;
  std::shared_ptr<const Floats> weight;  // only packed ones are read by a call
  Floats input, bias, packed, result;
};

}  // namespace

std::unique_ptr<PreparedCall> prepare_one(const Matmul& shape, const Preparation& preparation) {
  if (work_of(shape).of_bytes) return prepare_quantized(shape, preparation);
  if (shape.weights != 0) throw NotSupported("no kernel for these weights");
  return make_call(MatmulOperands(shape), preparation);
}

}  // namespace qkv::bench
