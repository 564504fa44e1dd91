// SPDX-License-Identifier: Apache-2.0
// Rows of the input as signed bytes with a scale per 32 values: scale = max |x| / 127, quant = x / scale to the
// nearest, ties to even. Blocks below 2^-100 count as 0; one that holds NaN or infinity has the scale NaN.
#pragma once

#include <cstddef>

#include "kernels/kernel_table.hpp"
#include "kernels/simd/load_store.hpp"

namespace qkv::QKV_ISA {
namespace {

constexpr int64_t input_block = 32;  // a multiple of lanes

struct InputBlock {
  float scale;
  int8_t quant[input_block];
};

inline InputBlock quantize_block(const float* from, int64_t stride) {
  constexpr float least = 0x1p-100F, to_integer = 0x1.8p23F;  // a sum with the latter ends in the nearest integer
  Floats value[input_block / lanes], greatest = broadcast(0), spoiled = broadcast(0);
  for (int64_t i = 0; i < input_block / lanes; i++) {
    value[i] = load_strided(from + i * lanes * stride, stride, lanes);
    greatest = max(xsimd::abs(value[i]), greatest);
    spoiled = fma(value[i], broadcast(0), spoiled);  // NaN from NaN and infinity
  }
  const float most = max_of_lanes(greatest), nan_or_zero = sum_of_lanes(spoiled);
  const bool sound = nan_or_zero == 0 && most >= least;
  const Floats factor = broadcast(sound ? 127 / most : 0);
  InputBlock block;
  block.scale = sound ? most / 127 : nan_or_zero;
  alignas(64) int32_t integer[input_block] = {};
  for (int64_t i = 0; sound && i < input_block / lanes; i++) {
    const Batch<int32_t> bits = floats_as_bits(value[i] * factor + broadcast(to_integer));
    (bits - floats_as_bits(broadcast(to_integer))).store_aligned(integer + i * lanes);
  }
  for (int64_t i = 0; i < input_block; i++) block.quant[i] = static_cast<int8_t>(integer[i]);
  return block;
}

// The groups of one block, the number of each being scale * sum for a minimum, else what the offset of the weights'
// quants takes from the integer sum.
template <int32_t format>
QKV_INLINE void put_groups(const InputBlock& block, char* to) {
  constexpr QuantLayout layout = quant_layouts[format];
  for (int64_t first = 0; first < input_block; first += layout.group) {
    int32_t sum = 0;
    for (int64_t i = 0; i < layout.group; i++) sum += block.quant[first + i];
    const float moment = block.scale * static_cast<float>(sum);
    const int32_t start = -layout.offset * sum;
    __builtin_memcpy(to, &block.scale, 4);
    layout.minimum ? __builtin_memcpy(to + 4, &moment, 4) : __builtin_memcpy(to + 4, &start, 4);
    __builtin_memcpy(to + group_header_bytes, block.quant + first, size_t{layout.group});
    to += group_header_bytes + layout.group;
  }
}

template <int32_t format>
void quantize_input(const QuantizedTask& task) {
  constexpr QuantLayout layout = quant_layouts[format];
  constexpr int64_t bytes = input_block / layout.group * (group_header_bytes + layout.group);
  const qkv_tensor& input = task.args->input;
  char* to = task.input;
  for (int64_t row = task.first_row; row < task.last_row; row++) {
    const float* from = static_cast<const float*>(input.data) + row * input.stride[0];
    for (int64_t k = 0; k < input.shape[1]; k += input_block, to += bytes) {
      put_groups<format>(quantize_block(from + k * input.stride[1], input.stride[1]), to);
    }
  }
}

}  // namespace
}  // namespace qkv::QKV_ISA
