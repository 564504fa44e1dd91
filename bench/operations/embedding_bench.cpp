// SPDX-License-Identifier: Apache-2.0
// Rows of a table at random ids.
#include "operations/call_of.hpp"

namespace qkv::bench {
namespace {

struct EmbeddingOperands {
  explicit EmbeddingOperands(const Embedding& sizes)
      : shape(sizes), table(sizes.entries * sizes.columns), result(Floats::filled(sizes.rows * sizes.columns, 0)) {
    for (int64_t row = 0; row < shape.rows; row++) {
      ids.push_back(random_below(shape.entries, static_cast<uint64_t>(row)));
    }
  }

  qkv_embedding_args args() {
    auto args = make<qkv_embedding_args>();
    args.table = view(table, {shape.entries, shape.columns});
    args.ids = ids.data();
    args.output = view(result, {shape.rows, shape.columns});
    return args;
  }

  Floats& output() { return result; }

  // Copies: exact, all of them.
  Verdict verdict() const {
    std::vector<int64_t> rows;
    for (int64_t row = 0; row < shape.rows; row++) rows.push_back(row);
    const qkv_test::Array<float> entries = gather_rows(table, shape.columns, ids);
    qkv_test::Expected expected(entries.shape());
    expected.value.values().assign(entries.values().begin(), entries.values().end());
    return compare(gather_rows(result, shape.columns, rows), expected);
  }

  Embedding shape;
  Floats table, result;
  std::vector<int64_t> ids;
};

}  // namespace

std::unique_ptr<PreparedCall> prepare_one(const Embedding& shape, const Preparation& preparation) {
  return make_call(EmbeddingOperands(shape), preparation);
}

}  // namespace qkv::bench
