// SPDX-License-Identifier: Apache-2.0
// How GGUF files store numbers. A row of a tensor is a whole number of blocks: some elements that share scales.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace qkv::tools {

// The values are the format's own.
enum class TensorType : std::uint32_t {
  f32 = 0,
  f16 = 1,
  q4_0 = 2,
  q4_1 = 3,
  q5_0 = 6,
  q5_1 = 7,
  q8_0 = 8,
  q4_k = 12,
  q6_k = 14,
  bf16 = 30,
};

struct TensorTypeFacts {
  TensorType type;
  std::string_view name;
  std::uint32_t block_elements, block_bytes;
};

// nullptr for a number that stands for no type, or for one that is not known here.
const TensorTypeFacts* find_tensor_type(std::uint32_t number);

const TensorTypeFacts& tensor_type_facts(TensorType type);

// "F32, F16, ..."
std::string tensor_type_names();

}  // namespace qkv::tools
