// SPDX-License-Identifier: Apache-2.0
// What problems cost, counted by hand; and the checks of results, which must find what is wrong.
#include "problems/work.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "operations/verdict.hpp"
#include "problems/shape_file.hpp"

using namespace qkv::bench;

static Work work_of_line(const char* line) {
  return work_of(parse_problem(line).shape);
}

TEST_CASE("work: attention counts visible pairs and the keys that some row sees") {
  const Work full = work_of_line("attention heads=4 kv_heads=2 queries=3 keys=10 head_dim=8 value_dim=6");
  CHECK(full.flops == 2 * (8 + 6) * 4 * 3 * 10);
  CHECK(full.bytes == 4 * (3 * 4 * (8 + 6) + 10 * 2 * (8 + 6)));
  CHECK(full.operand_bytes == full.bytes);
  const Work causal = work_of_line("attention heads=1 queries=3 keys=10 head_dim=8 causal=1 position=2");
  CHECK(causal.flops == 2 * 16 * (3 + 4 + 5));
  CHECK(causal.bytes == 4 * (3 * 16 + 5 * 16));
  CHECK(causal.operand_bytes == 4 * (3 * 16 + 10 * 16));
  const Work window = work_of_line("attention heads=1 queries=3 keys=10 head_dim=8 causal=1 window=2 position=6");
  CHECK(window.flops == 2 * 16 * (2 + 2 + 2));
  CHECK(window.bytes == 4 * (3 * 16 + 4 * 16));  // keys 5 to 8
}

TEST_CASE("work: a window without causal, before the first key and past the last") {
  const Attention shape{.queries = 20, .keys = 10, .window = 4};
  CHECK(visible_keys(shape, 0).begin == 0);
  CHECK(visible_keys(shape, 0).end == 10);
  CHECK(visible_keys(shape, 5).begin == 2);
  CHECK(visible_keys(shape, 19).begin == visible_keys(shape, 19).end);
}

TEST_CASE("work: products and rows") {
  CHECK(work_of_line("matmul m=2 n=3 k=5").flops == 2 * 2 * 3 * 5);
  CHECK(work_of_line("matmul m=2 n=3 k=5 bias=1").bytes == 4 * (10 + 15 + 6 + 3));
  CHECK(work_of_line("matmul m=2 n=3 k=256 weights=q6_k").bytes == 4 * (512 + 6) + 3 * 210);
  CHECK(work_of_line("matmul m=2 n=3 k=64 weights=q4_1 bias=1").bytes == 4 * (128 + 6 + 3) + 3 * 2 * 20);
  CHECK(work_of_line("matmul m=2 n=3 k=64 weights=q4_1").of_bytes);
  CHECK(work_of_line("matmul m=2 n=3 k=5 weights=bf16").bytes == 4 * (10 + 6) + 15 * 2);
  CHECK(!work_of_line("matmul m=2 n=3 k=5 weights=bf16").of_bytes);
  CHECK(work_of_line("softmax rows=2 columns=3").bytes == 4 * 2 * 6);
  CHECK(work_of_line("norm kind=layer rows=2 columns=3").bytes == 4 * (2 * 6 + 2 * 3));
  CHECK(work_of_line("norm kind=rms rows=2 columns=3").bytes == 4 * (2 * 6 + 3));
  CHECK(work_of_line("embedding entries=1000 rows=2 columns=3").bytes == 4 * (6 + 6));
  CHECK(work_of_line("embedding entries=1000 rows=2 columns=3").operand_bytes == 4 * (3000 + 6));
  CHECK(work_of_line("position kind=learned rows=2 columns=4").bytes == 4 * 16);
  CHECK(work_of_line("position kind=sinusoidal rows=2 columns=4").bytes == 4 * 8);
  CHECK(work_of_line("activation kind=silu rows=2 columns=3 multiplier=1").bytes == 4 * 3 * 6);
  CHECK(work_of_line("rope kind=halves rows=2 heads=3 head_dim=8 rotary_dim=4").flops == 6 * 2 * 3 * 2);
  CHECK(work_of_line("rope kind=halves rows=2 heads=3 head_dim=8 rotary_dim=4").bytes == 4 * (2 * 48 + 2 * 4));
  CHECK(work_of_line("rope_table rows=2 columns=4").bytes == 4 * 8);
}

TEST_CASE("verdict: an element past its allowed error, and the error relative to the largest value") {
  qkv_test::Expected expected({1, 1, 1, 2});
  expected.value(0, 0) = 4;
  expected.value(0, 1) = -8;
  expected.error(0, 0) = expected.error(0, 1) = 0.25;
  qkv_test::Array<float> actual({1, 1, 1, 2});
  actual(0, 0) = 4.25F;
  actual(0, 1) = -8;
  CHECK(compare(actual, expected).failure == "");
  CHECK(compare(actual, expected).error() == 0.25 / 8);
  actual(0, 1) = -7.5F;
  CHECK(compare(actual, expected).failure.find("output[0, 0, 0, 1] = -7.5") != std::string::npos);
  CHECK(compare(actual, expected).error() == 0.5 / 8);
}

TEST_CASE("verdict: an element that was not written") {
  Floats output = Floats::filled(5, 1);
  CHECK(find_unwritten(output).failure == "");
  output.data()[3] = std::numeric_limits<float>::quiet_NaN();
  CHECK(find_unwritten(output).failure == "element 3 of the output is not written");
}

TEST_CASE("verdict: samples have the first and the last row") {
  CHECK(spread(3, 8) == std::vector<int64_t>{0, 1, 2});
  CHECK(spread(1000, 3) == std::vector<int64_t>{0, 499, 999});
  CHECK(spread(5, 1) == std::vector<int64_t>{0});
  CHECK(sampled_rows(100, 1e12).size() == 8);
  CHECK(sampled_rows(100, 1).size() == 100);
  CHECK(sampled_rows(5, 1e12).back() == 4);
}
