// SPDX-License-Identifier: Apache-2.0
#include "reference/kv_cache.hpp"

#include <cmath>
#include <cstring>
#include <limits>

namespace qkv_test {
namespace {

// The nearest number with `digits` binary digits, ties to even, spaced no closer than 2^least; infinity above `most`.
float nearest(float value, int digits, int least, double most) {
  if (!std::isfinite(value) || value == 0) return value;
  int exponent;
  std::frexp(static_cast<double>(value), &exponent);
  const double spacing = std::ldexp(1.0, std::max(exponent - digits, least));
  const double result = std::nearbyint(static_cast<double>(value) / spacing) * spacing;
  if (std::abs(result) > most) return std::copysign(std::numeric_limits<float>::infinity(), value);
  return std::copysign(static_cast<float>(result), value);
}

template <typename T>
T at(const void* bytes, int64_t index) {
  T element;
  std::memcpy(&element, static_cast<const char*>(bytes) + index * static_cast<int64_t>(sizeof(T)), sizeof element);
  return element;
}

float half(uint16_t bits) {
  const int exponent = bits >> 10 & 31;
  const double mantissa = bits & 0x3ff;
  const float sign = (bits & 0x8000) != 0 ? -1.0f : 1.0f;
  if (exponent == 31) return mantissa != 0 ? std::numeric_limits<float>::quiet_NaN() : sign * INFINITY;
  const double magnitude = exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
  return sign * static_cast<float>(magnitude);
}

// Element `index` of K or V of a tile, which has `count` elements and then scales by token.
float element(int32_t dtype, const void* part, int64_t index, int64_t count, int64_t token) {
  if (dtype == QKV_F32) return at<float>(part, index);
  if (dtype == QKV_F16) return half(at<uint16_t>(part, index));
  if (dtype == QKV_I8) {
    const float scale = at<float>(static_cast<const char*>(part) + count, token);
    return static_cast<float>(at<int8_t>(part, index)) * scale;
  }
  const uint32_t bits = static_cast<uint32_t>(at<uint16_t>(part, index)) << 16;
  return at<float>(&bits, 0);
}

const char* tile_of(const qkv_kv_layout& layout, const void* page, int64_t head, int64_t token) {
  return static_cast<const char*>(page) + head * layout.head_bytes + token / layout.tile_tokens * layout.tile_bytes;
}

}  // namespace

float rounded(int32_t dtype, float value, float scale) {
  if (dtype == QKV_BF16) return nearest(value, 8, -133, 0x1.fep127);
  if (dtype == QKV_F16) return nearest(value, 11, -24, 65504);
  if (dtype == QKV_F32) return value;
  const float steps = scale == 0 ? 0 : std::nearbyint(value / scale) + 0.0f;  // an integer is never -0
  return std::isfinite(scale) ? std::min(127.0f, std::max(-127.0f, steps)) * scale : scale;
}

float scale_of_row(const Array<float>& rows, int64_t sequence, int64_t head, int64_t token) {
  float most = 0;
  for (int64_t c = 0; c < rows.shape()[3]; c++) {
    const float magnitude = std::abs(rows(sequence, head, token, c));
    if (!std::isfinite(magnitude)) return std::numeric_limits<float>::quiet_NaN();
    most = std::max(most, magnitude);
  }
  return most / 127;
}

Array<float> rounded(int32_t dtype, const Array<float>& rows) {
  Array<float> result(rows.shape());
  const Shape& shape = rows.shape();
  for_each_index({shape[0], shape[1], shape[2], 1}, [&](int64_t s, int64_t h, int64_t t, int64_t) {
    const float scale = scale_of_row(rows, s, h, t);
    for (int64_t c = 0; c < shape[3]; c++) result(s, h, t, c) = rounded(dtype, rows(s, h, t, c), scale);
  });
  return result;
}

float key_in_page(const qkv_kv_layout& layout, const void* page, int64_t head, int64_t token, int64_t dim) {
  const int64_t tokens = layout.tile_tokens, lane = token % tokens;
  const char* keys = tile_of(layout, page, head, token);
  return element(layout.key_dtype, keys, dim * tokens + lane, layout.key_dim * tokens, lane);
}

float value_in_page(const qkv_kv_layout& layout, const void* page, int64_t head, int64_t token, int64_t dim) {
  const int64_t tokens = layout.tile_tokens, row = token % tokens;
  const char* values = tile_of(layout, page, head, token) + layout.value_offset;
  return element(layout.value_dtype, values, row * layout.value_row + dim, layout.value_row * tokens, row);
}

}  // namespace qkv_test
