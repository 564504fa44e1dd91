// SPDX-License-Identifier: Apache-2.0
#include "model/dequantize.hpp"

#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>

#include "model/quantized_blocks.hpp"

namespace qkv::tools {
namespace {

int low(unsigned byte) {
  return static_cast<int>(byte & 15);
}

int high(unsigned byte) {
  return static_cast<int>(byte >> 4);
}

// 16 if the bit is set.
template <typename Bytes>
int fifth_bit(const Bytes& bytes, std::size_t bit) {
  return static_cast<int>(bytes[bit / 8]) >> bit % 8 << 4 & 16;
}

void expand(float block, float* x) {
  *x = block;
}

void expand(const BlockQ8_0& block, float* x) {
  const float scale = f16_to_float(block.scale);
  for (std::size_t i = 0; i < 32; ++i) x[i] = scale * static_cast<float>(block.quants[i]);
}

void expand(const BlockQ4_0& block, float* x) {
  const float scale = f16_to_float(block.scale);
  for (std::size_t i = 0; i < 16; ++i) {
    x[i] = scale * static_cast<float>(low(block.quants[i]) - 8);
    x[i + 16] = scale * static_cast<float>(high(block.quants[i]) - 8);
  }
}

void expand(const BlockQ4_1& block, float* x) {
  const float scale = f16_to_float(block.scale), minimum = f16_to_float(block.minimum);
  for (std::size_t i = 0; i < 16; ++i) {
    x[i] = scale * static_cast<float>(low(block.quants[i])) + minimum;
    x[i + 16] = scale * static_cast<float>(high(block.quants[i])) + minimum;
  }
}

void expand(const BlockQ5_0& block, float* x) {
  const float scale = f16_to_float(block.scale);
  for (std::size_t i = 0; i < 16; ++i) {
    x[i] = scale * static_cast<float>((low(block.quants[i]) | fifth_bit(block.high_bits, i)) - 16);
    x[i + 16] = scale * static_cast<float>((high(block.quants[i]) | fifth_bit(block.high_bits, i + 16)) - 16);
  }
}

void expand(const BlockQ5_1& block, float* x) {
  const float scale = f16_to_float(block.scale), minimum = f16_to_float(block.minimum);
  for (std::size_t i = 0; i < 16; ++i) {
    x[i] = scale * static_cast<float>(low(block.quants[i]) | fifth_bit(block.high_bits, i)) + minimum;
    x[i + 16] = scale * static_cast<float>(high(block.quants[i]) | fifth_bit(block.high_bits, i + 16)) + minimum;
  }
}

struct GroupScale {
  int scale, minimum;
};

GroupScale group_scale(const BlockQ4_K& block, std::size_t group) {
  const auto& packed = block.group_scales;
  if (group < 4) return {packed[group] & 63, packed[group + 4] & 63};
  const int upper_scale = packed[group - 4] >> 6 << 4, upper_minimum = packed[group] >> 6 << 4;
  return {low(packed[group + 4]) | upper_scale, high(packed[group + 4]) | upper_minimum};
}

void expand(const BlockQ4_K& block, float* x) {
  for (std::size_t group = 0; group < 8; ++group) {
    const GroupScale packed = group_scale(block, group);
    const float scale = f16_to_float(block.scale) * static_cast<float>(packed.scale);
    const float minimum = f16_to_float(block.minimum_scale) * static_cast<float>(packed.minimum);
    for (std::size_t i = 0; i < 32; ++i) {
      const unsigned quants = block.quants[group / 2 * 32 + i];
      x[group * 32 + i] = scale * static_cast<float>(group % 2 == 0 ? low(quants) : high(quants)) - minimum;
    }
  }
}

int quant(const BlockQ6_K& block, std::size_t element) {
  const std::size_t half = element / 128, quarter = element / 32 % 4, i = element % 32;
  const unsigned lower = block.low_bits[half * 64 + quarter % 2 * 32 + i];
  const unsigned upper = block.high_bits[half * 32 + i];
  return (quarter < 2 ? low(lower) : high(lower)) | static_cast<int>(upper >> 2 * quarter & 3) << 4;
}

void expand(const BlockQ6_K& block, float* x) {
  for (std::size_t i = 0; i < 256; ++i) {
    const float scale = f16_to_float(block.scale) * static_cast<float>(block.group_scales[i / 16]);
    x[i] = scale * static_cast<float>(quant(block, i) - 32);
  }
}

template <typename Block>
void expand_blocks(std::span<const std::byte> bytes, std::span<float> values) {
  const std::size_t count = bytes.size() / sizeof(Block), elements = values.size() / (count == 0 ? 1 : count);
  assert(count * sizeof(Block) == bytes.size() && count * elements == values.size());
  for (std::size_t i = 0; i < count; ++i) {
    Block block;
    std::memcpy(&block, bytes.data() + i * sizeof(Block), sizeof(Block));
    expand(block, values.data() + i * elements);
  }
}

template <float (*convert)(std::uint16_t)>
void convert_all(std::span<const std::byte> bytes, std::span<float> values) {
  assert(bytes.size() == values.size() * sizeof(std::uint16_t));
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, bytes.data() + i * sizeof bits, sizeof bits);
    values[i] = convert(bits);
  }
}

}  // namespace

float f16_to_float(std::uint16_t bits) {
  const std::uint32_t sign = std::uint32_t{bits} >> 15 << 31, exponent = bits >> 10 & 31, mantissa = bits & 1023;
  if (exponent == 0) {  // zero or subnormal: mantissa * 2^-24
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24F;
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(magnitude) | sign);
  }
  const std::uint32_t wide_exponent = exponent == 31 ? 255 : exponent + 112;
  return std::bit_cast<float>(sign | wide_exponent << 23 | mantissa << 13);
}

float bf16_to_float(std::uint16_t bits) {
  return std::bit_cast<float>(std::uint32_t{bits} << 16);
}

void dequantize(TensorType type, std::span<const std::byte> blocks, std::span<float> values) {
  switch (type) {
    case TensorType::f32:
      return expand_blocks<float>(blocks, values);
    case TensorType::f16:
      return convert_all<f16_to_float>(blocks, values);
    case TensorType::bf16:
      return convert_all<bf16_to_float>(blocks, values);
    case TensorType::q4_0:
      return expand_blocks<BlockQ4_0>(blocks, values);
    case TensorType::q4_1:
      return expand_blocks<BlockQ4_1>(blocks, values);
    case TensorType::q5_0:
      return expand_blocks<BlockQ5_0>(blocks, values);
    case TensorType::q5_1:
      return expand_blocks<BlockQ5_1>(blocks, values);
    case TensorType::q8_0:
      return expand_blocks<BlockQ8_0>(blocks, values);
    case TensorType::q4_k:
      return expand_blocks<BlockQ4_K>(blocks, values);
    case TensorType::q6_k:
      return expand_blocks<BlockQ6_K>(blocks, values);
  }
}

}  // namespace qkv::tools
