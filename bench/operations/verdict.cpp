// SPDX-License-Identifier: Apache-2.0
#include "operations/verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace qkv::bench {

void Verdict::merge(const Verdict& other) {
  difference = std::max(difference, other.difference);
  magnitude = std::max(magnitude, other.magnitude);
  if (failure.empty()) failure = other.failure;
}

Verdict compare(const qkv_test::Array<float>& actual, const qkv_test::Expected& expected) {
  Verdict verdict;
  verdict.failure = first_failure("output", actual, expected);
  for (size_t i = 0; i < actual.values().size(); i++) {
    const double value = expected.value.values()[i];
    verdict.difference = std::max(verdict.difference, std::abs(static_cast<double>(actual.values()[i]) - value));
    verdict.magnitude = std::max(verdict.magnitude, std::abs(value));
  }
  return verdict;
}

Verdict find_unwritten(const Floats& output) {
  const float* const end = output.data() + output.size();
  const float* const found = std::find_if(output.data(), end, [](float value) { return std::isnan(value); });
  Verdict verdict;
  if (found != end) verdict.failure = fmt::format("element {} of the output is not written", found - output.data());
  return verdict;
}

std::vector<int64_t> spread(int64_t count, int64_t wanted) {
  const int64_t taken = std::min(count, wanted);
  std::vector<int64_t> places;
  for (int64_t i = 0; i < taken; i++) places.push_back(taken == 1 ? 0 : i * (count - 1) / (taken - 1));
  return places;
}

std::vector<int64_t> sampled_rows(int64_t rows, double work_per_row) {
  return spread(rows, std::max(least_sampled_rows, static_cast<int64_t>(reference_work / work_per_row)));
}

qkv_test::Array<float> gather_rows(const Floats& matrix, int64_t columns, const std::vector<int64_t>& rows) {
  qkv_test::Array<float> gathered({1, 1, static_cast<int64_t>(rows.size()), columns});
  auto place = gathered.values().begin();
  for (const int64_t row : rows) place = std::copy_n(matrix.data() + row * columns, columns, place);
  return gathered;
}

qkv_test::Array<float> row_vector(const Floats& values) {
  return values.size() == 0 ? qkv_test::Array<float>() : gather_rows(values, static_cast<int64_t>(values.size()), {0});
}

}  // namespace qkv::bench
