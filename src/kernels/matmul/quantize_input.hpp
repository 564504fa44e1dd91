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

constexpr int64_t block_vectors = input_block / lanes;

// Values as integers in lanes, whole but in floats: sums of them are exact.
struct InputBlock {
  float scale;
  Floats quant[size_t{block_vectors}];
};

// Bits of floats without a sign have the order of the floats; NaN comes last, infinity before.
QKV_INLINE float greatest_magnitude(const Floats (&value)[size_t{block_vectors}]) {
  const auto later = [](Floats a, Floats b) {
    return bits_as_floats(xsimd::max(floats_as_bits(a), floats_as_bits(b)));
  };
  Floats greatest = xsimd::abs(value[0]);
  QKV_UNROLL for (int64_t i = 1; i < block_vectors; i++) greatest = later(xsimd::abs(value[i]), greatest);
  return first_lane(join_lanes(greatest, later));
}

QKV_INLINE InputBlock quantize_block(const float* from, int64_t stride) {
  constexpr float least = 0x1p-100F, to_integer = 0x1.8p23F;  // a sum with the latter ends in the nearest integer
  InputBlock block;
  Floats value[size_t{block_vectors}];
  QKV_UNROLL for (int64_t i = 0; i < block_vectors; i++) value[i] =
      load_strided(from + i * lanes * stride, stride, lanes);
  const float most = greatest_magnitude(value);
  const bool sound = most >= least && most < infinity;
  block.scale = sound ? most / 127 : most < least ? 0 : std::numeric_limits<float>::quiet_NaN();
  const Floats factor = broadcast(sound ? 127 / most : 0), magic = broadcast(to_integer);
  QKV_UNROLL for (int64_t i = 0; i < block_vectors; i++) block.quant[i] =
      sound ? (value[i] * factor + magic) - magic : broadcast(0);
  return block;
}

// The groups of one block, the number of each being scale * sum for a minimum, else what the offset of the weights'
// quants takes from the integer sum.
template <int32_t format>
QKV_INLINE void put_groups(const InputBlock& block, char* to) {
  constexpr QuantLayout layout = quant_layouts[format];
  constexpr int64_t vectors = layout.group / lanes;
  QKV_UNROLL for (int64_t first = 0; first < block_vectors; first += vectors) {
    Floats all = block.quant[first];
    QKV_UNROLL for (int64_t i = 1; i < vectors; i++) all = all + block.quant[first + i];
    const float sum = sum_of_lanes(all), moment = block.scale * sum;
    const int32_t start = -layout.offset * static_cast<int32_t>(sum);
    __builtin_memcpy(to, &block.scale, 4);
    layout.minimum ? __builtin_memcpy(to + 4, &moment, 4) : __builtin_memcpy(to + 4, &start, 4);
    to += group_header_bytes;
    QKV_UNROLL for (int64_t i = 0; i < vectors; i++, to += lanes)
        store_bytes(to, xsimd::to_int(block.quant[first + i]));
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
