// SPDX-License-Identifier: Apache-2.0
// Softmax of rows, without mask or bias.
#include "operations/call_of.hpp"
#include "reference/rows.hpp"

namespace qkv::bench {
namespace {

struct SoftmaxOperands {
  explicit SoftmaxOperands(const Softmax& sizes)
      : shape(sizes), input(sizes.rows * sizes.columns), result(Floats::filled(sizes.rows * sizes.columns, 0)) {}

  qkv_softmax_args args() {
    auto args = make<qkv_softmax_args>();
    args.input = view(input, {shape.rows, shape.columns});
    args.output = view(result, {shape.rows, shape.columns});
    return args;
  }

  Floats& output() { return result; }

  Verdict verdict() const {
    const std::vector<int64_t> rows = sampled_rows(shape.rows, 8 * static_cast<double>(shape.columns));
    qkv_test::SoftmaxProblem problem{.rows = static_cast<int64_t>(rows.size()), .columns = shape.columns};
    problem.input = gather_rows(input, shape.columns, rows);
    return compare(gather_rows(result, shape.columns, rows), softmax_reference(problem));
  }

  Softmax shape;
  Floats input, result;
};

}  // namespace

std::unique_ptr<PreparedCall> prepare_one(const Softmax& shape, const Preparation& preparation) {
  return make_call(SoftmaxOperands(shape), preparation);
}

}  // namespace qkv::bench
