// SPDX-License-Identifier: Apache-2.0
// The numbers that a row of a GGUF tensor stands for. The formulas are in quantized_blocks.hpp; in all of them the
// products are exact in float, so that a value is rounded once at most and is the same everywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "model/tensor_type.hpp"

namespace qkv::tools {

float f16_to_float(std::uint16_t bits);
float bf16_to_float(std::uint16_t bits);

// `blocks` holds exactly the values.size() elements, a multiple of the type's block.
void dequantize(TensorType type, std::span<const std::byte> blocks, std::span<float> values);

}  // namespace qkv::tools
