// SPDX-License-Identifier: Apache-2.0
// Position encodings of positions 0, 1, 2 ...
#include "operations/call_of.hpp"
#include "reference/rows.hpp"

namespace qkv::bench {
namespace {

struct PositionOperands {
  explicit PositionOperands(const Position& sizes)
      : shape(sizes),
        table(sizes.kind == QKV_POSITION_LEARNED ? sizes.rows * sizes.columns : 0),
        result(Floats::filled(sizes.rows * sizes.columns, 0)) {}

  qkv_position_args args() {
    auto args = make<qkv_position_args>();
    args.kind = static_cast<int32_t>(shape.kind);
    if (table.size() != 0) args.table = view(table, {shape.rows, shape.columns});
    args.output = view(result, {shape.rows, shape.columns});
    return args;
  }

  Floats& output() { return result; }

  Verdict verdict() const {
    const std::vector<int64_t> rows = sampled_rows(shape.rows, 32 * static_cast<double>(shape.columns));
    return compare(gather_rows(result, shape.columns, rows), expected(rows));
  }

  qkv_test::Expected expected(const std::vector<int64_t>& rows) const {
    qkv_test::PositionProblem problem{.rows = static_cast<int64_t>(rows.size()), .columns = shape.columns};
    problem.kind = static_cast<int32_t>(shape.kind);
    problem.positions = rows;
    if (table.size() == 0) return position_reference(problem);
    qkv_test::Expected copies(problem.shape());  // exact
    const qkv_test::Array<float> entries = gather_rows(table, shape.columns, rows);
    copies.value.values().assign(entries.values().begin(), entries.values().end());
    return copies;
  }

  Position shape;
  Floats table, result;
};

}  // namespace

std::unique_ptr<PreparedCall> prepare_one(const Position& shape, const Preparation& preparation) {
  return make_call(PositionOperands(shape), preparation);
}

}  // namespace qkv::bench
