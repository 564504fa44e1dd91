// SPDX-License-Identifier: Apache-2.0
// Activations by themselves; as the end of a matmul they are part of matmul_bench.
#include <cmath>

#include "operations/call_of.hpp"
#include "reference/activation.hpp"

namespace qkv::bench {
namespace {

struct ActivationOperands {
  explicit ActivationOperands(const Activation& sizes)
      : shape(sizes),
        input(sizes.rows * sizes.columns, 1),
        multiplier(sizes.multiplier * sizes.rows * sizes.columns, 2),
        result(Floats::filled(sizes.rows * sizes.columns, 0)) {}

  qkv_activation_args args() {
    auto args = make<qkv_activation_args>();
    args.kind = static_cast<int32_t>(shape.kind);
    args.input = view(input, {shape.rows, shape.columns});
    args.output = view(result, {shape.rows, shape.columns});
    if (shape.multiplier != 0) args.multiplier = view(multiplier, {shape.rows, shape.columns});
    return args;
  }

  Floats& output() { return result; }

  Verdict verdict() const {
    const std::vector<int64_t> rows = sampled_rows(shape.rows, 16 * static_cast<double>(shape.columns));
    const qkv_test::Array<float> x = gather_rows(input, shape.columns, rows);
    qkv_test::Expected expected(x.shape());
    const auto kind = static_cast<int32_t>(shape.kind);
    for (size_t i = 0; i < x.values().size(); i++) {
      expected.value.values()[i] = qkv_test::activate(kind, static_cast<double>(x.values()[i]));
      expected.error.values()[i] = qkv_test::activation_error(kind, static_cast<double>(x.values()[i]));
    }
    if (shape.multiplier != 0) multiply(expected, gather_rows(multiplier, shape.columns, rows));
    return compare(gather_rows(result, shape.columns, rows), expected);
  }

  // The product is rounded once more.
  static void multiply(qkv_test::Expected& expected, const qkv_test::Array<float>& factors) {
    for (size_t i = 0; i < factors.values().size(); i++) {
      const double factor = static_cast<double>(factors.values()[i]);
      double &value = expected.value.values()[i], &error = expected.error.values()[i];
      value *= factor;
      error = error * std::abs(factor) + std::abs(value) * qkv_test::rounding;
    }
  }

  Activation shape;
  Floats input, multiplier, result;
};

}  // namespace

std::unique_ptr<PreparedCall> prepare_one(const Activation& shape, const Preparation& preparation) {
  return make_call(ActivationOperands(shape), preparation);
}

}  // namespace qkv::bench
