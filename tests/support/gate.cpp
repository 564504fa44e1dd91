// SPDX-License-Identifier: Apache-2.0
#include "support/gate.hpp"

#include <cstdio>

namespace qkv_test {

static bool passes(double actual, double expected, double error) {
  if (std::isnan(expected)) return std::isnan(actual);
  if (std::isinf(expected)) return actual == expected;
  return std::abs(actual - expected) <= error;
}

static std::string describe_failure(const std::string& name, const Shape& at, double actual, double expected,
                                    double error) {
  char text[256];
  std::snprintf(text, sizeof text, "%s[%lld, %lld, %lld, %lld] = %.9g, expected %.12g, error %.3g, allowed %.3g",
                name.c_str(), static_cast<long long>(at[0]), static_cast<long long>(at[1]),
                static_cast<long long>(at[2]), static_cast<long long>(at[3]), actual, expected,
                std::abs(actual - expected), error);
  return text;
}

std::string first_failure(const std::string& name, const Array<float>& actual, const Expected& expected) {
  if (actual.shape() != expected.value.shape()) return name + " has another shape than expected";
  std::string failure;
  for_each_index(actual.shape(), [&](int64_t a, int64_t b, int64_t c, int64_t d) {
    const double got = actual(a, b, c, d), want = expected.value(a, b, c, d), error = expected.error(a, b, c, d);
    if (failure.empty() && !passes(got, want, error)) {
      failure = describe_failure(name, {a, b, c, d}, got, want, error);
    }
  });
  return failure;
}

}  // namespace qkv_test
