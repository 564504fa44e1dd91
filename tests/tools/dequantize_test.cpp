// SPDX-License-Identifier: Apache-2.0
// Every type of GGUF tensors stands for the same numbers, bit for bit, as in the package gguf (golden_gguf.json, made
// by tools/make_golden_gguf.py).
#include "model/dequantize.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "model/tensor_type.hpp"

namespace {

using namespace qkv::tools;

// Each `digits` hexadecimal digits are a number.
template <typename Number>
std::vector<Number> from_hex(const std::string& text, std::size_t digits) {
  std::vector<Number> numbers;
  for (std::size_t at = 0; at < text.size(); at += digits)
    numbers.push_back(static_cast<Number>(std::stoul(text.substr(at, digits), nullptr, 16)));
  return numbers;
}

// NaN has many bits; that it is one is what counts.
bool same(float value, std::uint32_t expected) {
  return std::bit_cast<std::uint32_t>(value) == expected ||
         (std::isnan(value) && std::isnan(std::bit_cast<float>(expected)));
}

}  // namespace

TEST_CASE("dequantize: every type gives the golden numbers, bit for bit") {
  std::ifstream stream(QKV_GOLDEN_GGUF);
  const auto golden = nlohmann::json::parse(stream);
  REQUIRE(golden.size() == 10);
  for (const auto& expected : golden) {
    CAPTURE(expected["type"].get<std::string>());
    const TensorTypeFacts* facts = find_tensor_type(expected["number"].get<std::uint32_t>());
    REQUIRE(facts != nullptr);
    CHECK(facts->name == expected["type"].get<std::string>());
    CHECK(facts->block_elements == expected["block_elements"].get<std::uint32_t>());
    CHECK(facts->block_bytes == expected["block_bytes"].get<std::uint32_t>());
    const auto blocks = from_hex<std::byte>(expected["blocks"].get<std::string>(), 2);
    const auto bits = from_hex<std::uint32_t>(expected["values"].get<std::string>(), 8);
    REQUIRE(blocks.size() / facts->block_bytes * facts->block_elements == bits.size());
    std::vector<float> values(bits.size());
    dequantize(facts->type, blocks, values);
    for (std::size_t i = 0; i < bits.size(); ++i) {
      CAPTURE(i);
      CHECK(same(values[i], bits[i]));
    }
  }
}

TEST_CASE("dequantize: numbers that stand for no type") {
  for (const std::uint32_t number : {4U, 5U, 9U, 10U, 13U, 15U, 31U, 1000U}) CHECK(find_tensor_type(number) == nullptr);
  CHECK(tensor_type_names() == "F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q6_K");
}

TEST_CASE("dequantize: no blocks are no values") {
  dequantize(TensorType::q4_1, {}, {});
  dequantize(TensorType::f16, {}, {});
}
