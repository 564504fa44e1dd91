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
    const std::vector<int64_t> rows = sampled_rows(shape.rows, 8 * static_cast<double>(shape.heads * shape.head_dim));
    qkv_test::RopeProblem problem{.kind = static_cast<int32_t>(shape.kind)};
    problem.table = gather_rows(table, shape.rotary_dim, rows);
    problem.input = gather_heads(input, rows);
    return compare(gather_heads(result, rows), rope_reference(problem));
  }

  qkv_test::Array<float> gather_heads(const Floats& heads, const std::vector<int64_t>& rows) const {
    qkv_test::Array<float> gathered({1, static_cast<int64_t>(rows.size()), shape.heads, shape.head_dim});
    gathered.values() = gather_rows(heads, shape.heads * shape.head_dim, rows).values();
    return gathered;
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
