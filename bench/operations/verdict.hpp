// SPDX-License-Identifier: Apache-2.0
// Whether a result is right: each element against double precision within the error that f32 arithmetic explains. Large
// results are checked in samples of rows, first and last row included.
#pragma once

#include <string>
#include <vector>

#include "operations/floats.hpp"
#include "support/gate.hpp"

namespace qkv::bench {

struct Verdict {
  double difference = 0, magnitude = 0;  // largest |result - reference| and |reference|
  std::string failure;                   // the first element that is wrong, or ""

  double error() const { return difference / (magnitude > 1 ? magnitude : 1); }
  void merge(const Verdict& other);
};

Verdict compare(const qkv_test::Array<float>& actual, const qkv_test::Expected& expected);

// A failure for the first NaN: an element that was poisoned before the call and not written by it.
Verdict find_unwritten(const Floats& output);

inline constexpr int64_t least_sampled_rows = 8;
inline constexpr double reference_work = 1 << 25;  // products that a check may take: a fraction of a second

// Up to `wanted` of 0 .. count - 1, evenly spread, the first and the last included.
std::vector<int64_t> spread(int64_t count, int64_t wanted);

// As many rows as reference_work allows, but at least least_sampled_rows.
std::vector<int64_t> sampled_rows(int64_t rows, double work_per_row);

// Some rows of a row-major matrix.
qkv_test::Array<float> gather_rows(const Floats& matrix, int64_t columns, const std::vector<int64_t>& rows);

qkv_test::Array<float> row_vector(const Floats& values);

}  // namespace qkv::bench
