// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cfloat>
#include <limits>

#include "reference/activation.hpp"
#include "rows/determinism.hpp"

namespace qkv_test {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

Expected activation_reference(int32_t kind, const Array<float>& input) {
  Expected expected(input.shape());
  for (size_t i = 0; i < input.values().size(); i++) {
    expected.value.values()[i] = activate(kind, input.values()[i]);
    expected.error.values()[i] = activation_error(kind, input.values()[i]);
  }
  return expected;
}

void check(int32_t kind, const Array<float>& input, const RowCall& call = {}) {
  const Expected expected = activation_reference(kind, input);
  for_each_tier([&](const std::string& tier) {
    INFO("on ", tier, ": ", activation_name(kind));
    CHECK(first_failure("output", call_activation(kind, input, call), expected) == "");
  });
}

template <typename Check>
void for_each_kind(const Check& check_kind) {
  for (int32_t kind = QKV_IDENTITY; kind <= QKV_SILU; kind++) check_kind(kind);
}

Array<float> row_of(const std::vector<float>& values) {
  Array<float> row({1, 1, 1, static_cast<int64_t>(values.size())});
  row.values() = values;
  return row;
}

}  // namespace

TEST_CASE("activation: every tail of the columns, at both guard pages, in place") {
  for_each_kind([](int32_t kind) {
    for (int64_t columns = 1; columns <= 40; columns++) {
      for (uint64_t layout_seed = 0; layout_seed < 5; layout_seed++) {
        const Array<float> input = Random(layout_seed).gaussian_array({1, 1, 3, columns}, 3);
        check(kind, input, {.layout_seed = layout_seed});
        check(kind, input, {.layout_seed = layout_seed, .in_place = true});
      }
    }
  });
}

TEST_CASE("activation: a fine grid over the whole interesting range") {
  std::vector<float> grid;
  for (int i = -60000; i <= 60000; i++) grid.push_back(static_cast<float>(i) / 4000);
  for (int i = -4000; i <= 4000; i++) grid.push_back(static_cast<float>(i) / 40);
  for_each_kind([&](int32_t kind) { check(kind, row_of(grid)); });
}

TEST_CASE("activation: every magnitude from the least denormal to the greatest float") {
  std::vector<float> values;
  for (int exponent = -149; exponent <= 127; exponent++) {
    for (float mantissa : {1.0f, 1.25f, 1.6f, 1.99f}) {
      const float value = std::ldexp(mantissa, exponent);
      values.insert(values.end(), {value, -value});
    }
  }
  values.insert(values.end(), {0.0f, FLT_MAX, -FLT_MAX});
  for_each_kind([&](int32_t kind) { check(kind, row_of(values)); });
}

TEST_CASE("activation: NaN stays NaN, +inf stays +inf, -inf becomes the limit, alone in their place") {
  for_each_kind([](int32_t kind) {
    for (int64_t j = 0; j < 35; j++) {
      const Array<float> clean = Random(1).gaussian_array({1, 1, 1, 35});
      for (float poison : {nan, infinity, -infinity}) {
        Array<float> spoiled = clean;
        spoiled(0, j) = poison;
        check(kind, spoiled);
      }
    }
  });
}

TEST_CASE("activation: -inf gives -inf in identity, else 0") {
  const Array<float> input = row_of({-infinity});
  for_each_tier([&](const std::string& tier) {
    CAPTURE(tier);
    CHECK(call_activation(QKV_IDENTITY, input)(0, 0) == -infinity);
    for (int32_t kind = QKV_RELU; kind <= QKV_SILU; kind++) CHECK(call_activation(kind, input)(0, 0) == 0);
  });
}

TEST_CASE("activation: a multiplier, of every layout and broadcast, in place") {
  for_each_kind([](int32_t kind) {
    for (uint64_t seed = 0; seed < 20; seed++) {
      Random random(seed);
      const Array<float> input = random.gaussian_array({1, 1, 3, random.integer(1, 40)}, 3);
      const Shape shape = seed % 4 == 0 ? Shape{1, 1, 1, input.shape()[3]} : input.shape();
      const Array<float> multiplier = random.gaussian_array(shape, 3);
      Expected expected = activation_reference(kind, input);
      for_each_index(input.shape(), [&](int64_t, int64_t, int64_t row, int64_t column) {
        const auto factor = static_cast<double>(multiplier(row, column));
        expected.value(row, column) *= factor;
        expected.error(row, column) = expected.error(row, column) * std::abs(factor) +
                                      rounding * std::abs(expected.value(row, column)) + smallest;
      });
      for_each_tier([&](const std::string& tier) {
        INFO("on ", tier, ": ", activation_name(kind), " seed ", seed);
        const RowCall call{.layout_seed = seed, .in_place = seed % 3 == 0};
        CHECK(first_failure("output", call_activation(kind, input, call, multiplier), expected) == "");
      });
    }
  });
}

TEST_CASE("activation: empty problems succeed") {
  for_each_kind([](int32_t kind) {
    check(kind, Array<float>({1, 1, 0, 5}));
    check(kind, Array<float>({1, 1, 5, 0}));
  });
}

TEST_CASE("activation: same row, same bits") {
  const int64_t count = case_count(300);
  for (int64_t i = 0; i < count; i++) {
    const uint64_t seed = base_seed() + static_cast<uint64_t>(i);
    Random random(seed);
    const auto kind = static_cast<int32_t>(i % 5);
    const Array<float> input = random.gaussian_array({1, 1, random.integer(1, 30), random.integer(1, 200)}, 3);
    check_row_determinism(
        input.shape()[2], seed, [&](const RowCall& call) { return call_activation(kind, input, call); },
        [&](int64_t first, int64_t rows) { return call_activation(kind, slice(input, 2, first, rows)); });
  }
}

TEST_CASE("activation: workers that share a problem give the same bits") {
  const Array<float> input = Random(1).gaussian_array({1, 1, pooled_rows, pooled_columns}, 3);
  for_each_kind([&](int32_t kind) {
    check_pool_determinism([&](const RowCall& call) { return call_activation(kind, input, call); });
  });
}

}  // namespace qkv_test
