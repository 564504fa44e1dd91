// SPDX-License-Identifier: Apache-2.0
// Byte for byte after the descriptions in qkv/matmul.h. Products of an f16 and a small integer are exact in f32.
#include "plan/block_formats.hpp"

#include <bit>

namespace qkv {
namespace {

uint16_t half_at(const unsigned char* bytes) {
  return static_cast<uint16_t>(bytes[0] | bytes[1] << 8);
}

float to_float(uint16_t half) {
  const uint32_t sign = uint32_t{half} >> 15 << 31, exponent = half >> 10 & 31U, mantissa = half & 1023U;
  if (exponent == 0) {
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24F;
    return std::bit_cast<float>(std::bit_cast<uint32_t>(magnitude) | sign);
  }
  return std::bit_cast<float>(sign | (exponent == 31 ? 255 : exponent + 112) << 23 | mantissa << 13);
}

uint32_t product_bits(float scale, int32_t factor) {
  return std::bit_cast<uint32_t>(scale * static_cast<float>(factor));
}

void open_nibbles(const unsigned char* bytes, int64_t count, uint8_t* quant) {
  for (int64_t i = 0; i < count; i++) {
    quant[i] = bytes[i] & 15;
    quant[count + i] = static_cast<uint8_t>(bytes[i] >> 4);
  }
}

void open_q4_0(const unsigned char* block, OpenBlock& open) {
  open.scale[0] = half_at(block);
  open_nibbles(block + 2, 16, open.quant);
}

void open_q4_1(const unsigned char* block, OpenBlock& open) {
  open.scale[0] = half_at(block);
  open.minimum[0] = half_at(block + 2);
  open_nibbles(block + 4, 16, open.quant);
}

void open_q8_0(const unsigned char* block, OpenBlock& open) {
  open.scale[0] = half_at(block);
  for (int64_t i = 0; i < 32; i++) open.quant[i] = block[2 + i] ^ 0x80;  // + 128
}

void open_q4_k(const unsigned char* block, OpenBlock& open) {
  const float scale = to_float(half_at(block)), minimum = to_float(half_at(block + 2));
  const unsigned char *low = block + 4, *high = block + 8, *last = block + 12;
  for (int64_t i = 0; i < 4; i++) {
    open.scale[i] = product_bits(scale, low[i] & 63);
    open.minimum[i] = product_bits(-minimum, high[i] & 63);
    open.scale[4 + i] = product_bits(scale, (last[i] & 15) | low[i] >> 6 << 4);
    open.minimum[4 + i] = product_bits(-minimum, last[i] >> 4 | high[i] >> 6 << 4);
  }
  for (int64_t pair = 0; pair < 4; pair++) open_nibbles(block + 16 + 32 * pair, 32, open.quant + 64 * pair);
}

void open_q6_k(const unsigned char* block, OpenBlock& open) {
  const unsigned char *low = block, *high = block + 128, *scales = block + 192;
  const float scale = to_float(half_at(block + 208));
  for (int64_t i = 0; i < 16; i++) open.scale[i] = product_bits(scale, static_cast<int8_t>(scales[i]));
  for (int64_t half = 0; half < 2; half++) {
    open_nibbles(low + 64 * half, 64, open.quant + 128 * half);
    for (int64_t i = 0; i < 128; i++) {
      const int upper = high[32 * half + i % 32] >> 2 * (i / 32) & 3;
      open.quant[128 * half + i] = static_cast<uint8_t>(open.quant[128 * half + i] | upper << 4);
    }
  }
}

constexpr BlockFormat formats[block_format_count] = {{"q4_0", 32, 18, open_q4_0},
                                                     {"q4_1", 32, 20, open_q4_1},
                                                     {"q8_0", 32, 34, open_q8_0},
                                                     {"q4_k", 256, 144, open_q4_k},
                                                     {"q6_k", 256, 210, open_q6_k}};

}  // namespace

bool is_block_format(int32_t format) {
  return format >= 1 && format <= block_format_count;
}

const BlockFormat& block_format(int32_t format) {
  return formats[format - 1];
}

const QuantLayout& quant_layout(int32_t format) {
  return quant_layouts[format - 1];
}

}  // namespace qkv
