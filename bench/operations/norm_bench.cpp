// SPDX-License-Identifier: Apache-2.0
// LayerNorm with weight and bias, RMSNorm with weight.
#include "operations/call_of.hpp"
#include "reference/rows.hpp"

namespace qkv::bench {
namespace {

struct NormOperands {
  explicit NormOperands(const Norm& sizes)
      : shape(sizes),
        input(sizes.rows * sizes.columns, 1),
        weight(sizes.columns, 2),
        bias(sizes.kind == QKV_LAYER_NORM ? sizes.columns : 0, 3),
        result(Floats::filled(sizes.rows * sizes.columns, 0)) {}

  qkv_norm_args args() {
    auto args = make<qkv_norm_args>();
    args.kind = static_cast<int32_t>(shape.kind);
    args.epsilon = epsilon;
    args.input = view(input, {shape.rows, shape.columns});
    args.output = view(result, {shape.rows, shape.columns});
    args.weight = view(weight, {shape.columns});
    if (bias.size() != 0) args.bias = view(bias, {shape.columns});
    return args;
  }

  Floats& output() { return result; }

  Verdict verdict() const {
    const std::vector<int64_t> rows = sampled_rows(shape.rows, 4 * static_cast<double>(shape.columns));
    qkv_test::NormProblem problem{.rows = static_cast<int64_t>(rows.size()),
                                  .columns = shape.columns,
                                  .kind = static_cast<int32_t>(shape.kind),
                                  .epsilon = epsilon};
    problem.input = gather_rows(input, shape.columns, rows);
    problem.weight = row_vector(weight);
    problem.bias = row_vector(bias);
    return compare(gather_rows(result, shape.columns, rows), norm_reference(problem));
  }

  static constexpr float epsilon = 1e-5F;
  Norm shape;
  Floats input, weight, bias, result;
};

}  // namespace

std::unique_ptr<PreparedCall> prepare_one(const Norm& shape, const Preparation& preparation) {
  return make_call(NormOperands(shape), preparation);
}

}  // namespace qkv::bench
