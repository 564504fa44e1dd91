// SPDX-License-Identifier: Apache-2.0
// The block formats of qkv/matmul.h, taken apart.
#pragma once

#include <cstdint>

#include "kernels/kernel_table.hpp"

namespace qkv {

// A block's quants, unsigned as QuantLayout has them, and per group of k the bits of scale and minimum: f16 or f32.
struct OpenBlock {
  uint8_t quant[256];
  uint32_t scale[16], minimum[16];
};

struct BlockFormat {
  const char* name;  // as kernels are called: "q4_1"
  int64_t elements, bytes;
  void (*open)(const unsigned char* block, OpenBlock& open);
};

bool is_block_format(int32_t format);
// Of a qkv_block_format.
const BlockFormat& block_format(int32_t format);
const QuantLayout& quant_layout(int32_t format);

}  // namespace qkv
