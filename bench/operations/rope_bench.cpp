// SPDX-License-Identifier: Apache-2.0
// Rotary embeddings with the table of positions 0, 1, 2 ...
#include "operations/call_of.hpp"
#include "reference/rope.hpp"

namespace qkv::bench {
namespace {

qkv_rope_table_args table_args(Floats& table, int64_t rows, int64_t columns) {
  auto args = make<qkv_rope_table_args>();
  args.output = view(table, {rows, columns});
  return args;
}

struct RopeOperands {
  explicit RopeOperands(const Rope& sizes)
      : shape(sizes),
        table(Floats::filled(sizes.rows * sizes.rotary_dim, 0)),
        input(sizes.rows * sizes.heads * sizes.head_dim, 1),
        result(Floats::filled(sizes.rows * sizes.heads * sizes.head_dim, 0)) {
    compute(table_args(table, shape.rows, shape.rotary_dim));
  }

  qkv_rope_args args() {
    auto args = make<qkv_rope_args>();
    args.kind = static_cast<int32_t>(shape.kind);
    args.table = view(table, {shape.rows, shape.rotary_dim});
    args.input = view(input, {shape.rows, shape.heads, shape.head_dim});
    args.output = view(result, {shape.rows, shape.heads, shape.head_dim});
    return args;
  }

  Floats& output() { return result; }

  Verdict verdict() const {
    const int64_t columns = shape.heads * shape.head_dim;
    const std::vector<int64_t> rows = sampled_rows(shape.rows, 8 * static_cast<double>(columns));
    const auto count = static_cast<int64_t>(rows.size());
    qkv_test::RopeProblem problem{.kind = static_cast<int32_t>(shape.kind)};
    problem.table = gather_rows(table, shape.rotary_dim, rows);
    problem.input = qkv_test::Array<float>({1, count, shape.heads, shape.head_dim});
    problem.input.values() = gather_rows(input, columns, rows).values();
    qkv_test::Array<float> actual(problem.input.shape());
    actual.values() = gather_rows(result, columns, rows).values();
    return compare(actual, rope_reference(problem));
  }

  Rope shape;
  Floats table, input, result;
};

struct RopeTableOperands {
  explicit RopeTableOperands(const RopeTable& sizes)
      : shape(sizes), result(Floats::filled(sizes.rows * sizes.columns, 0)) {}

  qkv_rope_table_args args() { return table_args(result, shape.rows, shape.columns); }

  Floats& output() { return result; }

  Verdict verdict() const {
    const std::vector<int64_t> rows = sampled_rows(shape.rows, 64 * static_cast<double>(shape.columns));
    qkv_test::RopeTableProblem problem{.rows = static_cast<int64_t>(rows.size()), .rotary_dim = shape.columns};
    problem.positions = rows;
    return compare(gather_rows(result, shape.columns, rows), rope_table_reference(problem));
  }

  RopeTable shape;
  Floats result;
};

}  // namespace

std::unique_ptr<PreparedCall> prepare_one(const Rope& shape, const Preparation& preparation) {
  return make_call(RopeOperands(shape), preparation);
}

std::unique_ptr<PreparedCall> prepare_one(const RopeTable& shape, const Preparation& preparation) {
  return make_call(RopeTableOperands(shape), preparation);
}

}  // namespace qkv::bench
