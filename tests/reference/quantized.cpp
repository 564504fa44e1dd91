// SPDX-License-Identifier: Apache-2.0
#include "reference/quantized.hpp"

#include <cmath>

#include "reference/activation.hpp"

namespace qkv_test {
namespace {

double half(const unsigned char* bytes) {
  const int bits = bytes[0] | bytes[1] << 8, exponent = bits >> 10 & 31, mantissa = bits & 1023;
  const double sign = (bits & 0x8000) != 0 ? -1 : 1;
  return sign * (exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25));
}

// Element e of a run of nibbles, of which the first `count` are the low ones.
int nibble(const unsigned char* bytes, int64_t element, int64_t count) {
  return element < count ? bytes[element] & 15 : bytes[element - count] >> 4;
}

BlockValue value_q4_k(const unsigned char* block, int64_t element) {
  const int64_t group = element / 32;
  const unsigned char* packed = block + 4;
  int scale = packed[group % 4] & 63, minimum = packed[group % 4 + 4] & 63;
  if (group >= 4) {
    scale = (packed[group + 4] & 15) + (packed[group - 4] >> 6) * 16;
    minimum = (packed[group + 4] >> 4) + (packed[group] >> 6) * 16;
  }
  const int quant = nibble(block + 16 + group / 2 * 32, element % 64, 32);
  return {half(block) * scale * quant, -half(block + 2) * minimum};
}

double value_q6_k(const unsigned char* block, int64_t element) {
  const int64_t part = element / 128, within = element % 128;
  const int low = nibble(block + 64 * part, within, 64);
  const int high = block[128 + 32 * part + within % 32] >> 2 * (within / 32) & 3;
  const int scale = static_cast<signed char>(block[192 + element / 16]);
  return half(block + 208) * scale * (low + 16 * high - 32);
}

struct RoundedInput {
  std::vector<float> scale;  // per 32
  std::vector<double> quant;
};

RoundedInput rounded(const QuantizedProblem& problem, int64_t row) {
  RoundedInput input;
  for (int64_t first = 0; first < problem.k; first += 32) {
    float most = 0;
    for (int64_t i = 0; i < 32; i++) most = std::max(most, std::abs(problem.input(row, first + i)));
    const bool counts = most >= 0x1p-100F;
    input.scale.push_back(counts ? most / 127 : 0);
    const float factor = counts ? 127 / most : 0;
    for (int64_t i = 0; i < 32; i++)
      input.quant.push_back(static_cast<double>(std::nearbyint(problem.input(row, first + i) * factor)));
  }
  return input;
}

void write_element(const QuantizedProblem& problem, const RoundedInput& input, int64_t row, int64_t column,
                   Expected& output) {
  const BlockFacts& facts = problem.facts;
  double sum = 0, magnitude = 0;
  for (int64_t first = 0; first < problem.k; first += facts.group) {
    double products = 0, minima = 0;
    for (int64_t k = first; k < first + facts.group; k++) {
      const unsigned char* block =
          problem.blocks.data() + column * problem.row_bytes() + k / facts.elements * facts.bytes;
      const BlockValue value = block_value(facts.format, block, k % facts.elements);
      products += value.factor * input.quant[static_cast<size_t>(k)];
      minima += value.minimum * input.quant[static_cast<size_t>(k)];
    }
    const auto scale = static_cast<double>(input.scale[static_cast<size_t>(first / 32)]);
    sum += scale * (products + minima);
    magnitude += scale * (std::abs(products) + std::abs(minima));
  }
  const double bias = problem.bias.present() ? static_cast<double>(problem.bias(0, column)) : 0;
  sum += bias;
  const double terms = 2 * static_cast<double>(problem.k / facts.group);
  const double error =
      rounding * ((6 + 3 * std::sqrt(terms + 2)) * magnitude + 2 * (std::abs(bias) + std::abs(sum))) + terms * smallest;
  output.value(row, column) = activate(problem.activation, sum);
  output.error(row, column) = activation_error(problem.activation, sum, error);
}

}  // namespace

BlockValue block_value(int32_t format, const unsigned char* block, int64_t element) {
  if (format == QKV_Q4_0) return {half(block) * (nibble(block + 2, element, 16) - 8), 0};
  if (format == QKV_Q4_1) return {half(block) * nibble(block + 4, element, 16), half(block + 2)};
  if (format == QKV_Q8_0) return {half(block) * static_cast<signed char>(block[2 + element]), 0};
  if (format == QKV_Q4_K) return value_q4_k(block, element);
  return {value_q6_k(block, element), 0};
}

Expected quantized_reference(const QuantizedProblem& problem) {
  Expected output(problem.output_shape());
  for (int64_t row = 0; row < problem.m; row++) {
    const RoundedInput input = rounded(problem, row);
    for (int64_t column = 0; column < problem.n; column++) write_element(problem, input, row, column, output);
  }
  return output;
}

std::string describe(const QuantizedProblem& problem) {
  return std::to_string(problem.m) + " x " + std::to_string(problem.n) + " x " + std::to_string(problem.k) + " " +
         problem.facts.name + " " + activation_name(problem.activation) + (problem.bias.present() ? " with bias" : "");
}

}  // namespace qkv_test
