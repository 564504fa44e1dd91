// SPDX-License-Identifier: Apache-2.0
// Matmul with a weight in blocks, packed before the clock runs.
#include <cstring>

#include "operations/call_of.hpp"
#include "reference/quantized.hpp"

namespace qkv::bench {
namespace {

using Bytes = std::vector<unsigned char>;

// An f16 of a block: 2^-exponent, negative for minima that are subtracted.
struct Half {
  int64_t at, exponent, sign;
};

// Scales of about 1 / (greatest quant), and what goes with them.
std::vector<Half> halves_of(int32_t format) {
  switch (format) {
    case QKV_Q4_1:
      return {{0, 3, 0}, {2, 0, 1}};
    case QKV_Q8_0:
      return {{0, 7, 0}};
    case QKV_Q4_K:
      return {{0, 9, 0}, {2, 6, 0}};
    case QKV_Q6_K:
      return {{208, 11, 0}};
    default:
      return {{0, 3, 0}};
  }
}

// Random quants.
Bytes random_blocks(const qkv_test::BlockFacts& facts, int64_t count) {
  const auto size = static_cast<size_t>(facts.bytes), all = size * static_cast<size_t>(count);
  Bytes blocks(all);
  const Floats noise(static_cast<int64_t>(all / 2 + 1), 1);
  for (size_t i = 0; i < all; i++) {
    uint32_t bits = 0;
    std::memcpy(&bits, noise.data() + i / 2, sizeof bits);
    blocks[i] = static_cast<unsigned char>(bits >> (i % 2 == 0 ? 2 : 10));
  }
  for (const Half& half : halves_of(facts.format)) {
    for (size_t at = static_cast<size_t>(half.at); at < all; at += size) {
      blocks[at] = 0;
      blocks[at + 1] = static_cast<unsigned char>(half.sign << 7 | (15 - half.exponent) << 2);
    }
  }
  return blocks;
}

struct QuantizedOperands {
  explicit QuantizedOperands(const Matmul& sizes)
      : shape(sizes),
        facts(qkv_test::block_facts[sizes.weights - 1]),
        blocks(std::make_shared<const Bytes>(random_blocks(facts, sizes.n * sizes.k / facts.elements))),
        input(sizes.m * sizes.k, 2),
        bias(sizes.bias != 0 ? sizes.n : 0, 3),
        result(Floats::filled(sizes.m * sizes.n, 0)) {
    const qkv_block_matrix weight{blocks->data(), facts.format, shape.n, shape.k, 0};
    size_t bytes = 0;
    qkv::check(qkv_matmul_pack_blocks_bytes(&weight, &bytes));
    packed = Floats::filled(static_cast<int64_t>((bytes + sizeof(float) - 1) / sizeof(float)), 0);
    qkv::check(qkv_matmul_pack_blocks(&weight, packed.data(), bytes));
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
    const std::vector<int64_t> columns = sampled_rows(shape.n, 4 * work_per_column);
    qkv_test::QuantizedProblem problem{.m = static_cast<int64_t>(rows.size()),
                                       .n = static_cast<int64_t>(columns.size()),
                                       .k = shape.k,
                                       .facts = facts,
                                       .activation = static_cast<int32_t>(shape.activation)};
    problem.input = gather_rows(input, shape.k, rows);
    qkv_test::Array<float> actual(problem.output_shape());
    if (shape.bias != 0) problem.bias = qkv_test::Array<float>(problem.bias_shape());
    for (int64_t j = 0; j < problem.n; j++) {
      const int64_t column = columns[static_cast<size_t>(j)];
      const auto first = blocks->begin() + column * problem.row_bytes();
      problem.blocks.insert(problem.blocks.end(), first, first + problem.row_bytes());
      if (shape.bias != 0) problem.bias(0, j) = bias.data()[column];
      for (int64_t i = 0; i < problem.m; i++) {
        actual(i, j) = result.data()[rows[static_cast<size_t>(i)] * shape.n + column];
      }
    }
    return compare(actual, quantized_reference(problem));
  }

  Matmul shape;
  qkv_test::BlockFacts facts;
  std::shared_ptr<const Bytes> blocks;  // only packed ones are read by a call
  Floats input, bias, packed, result;
};

}  // namespace

std::unique_ptr<PreparedCall> prepare_quantized(const Matmul& shape, const Preparation& preparation) {
  return make_call(QuantizedOperands(shape), preparation);
}

}  // namespace qkv::bench
