// SPDX-License-Identifier: Apache-2.0
#include "model/tensor_type.hpp"

#include <algorithm>
#include <array>

#include "model/quantized_blocks.hpp"

namespace qkv::tools {
namespace {

template <typename Block>
constexpr TensorTypeFacts blocks_of(TensorType type, std::string_view name) {
  return {type, name, Block::elements, sizeof(Block)};
}

constexpr std::array<TensorTypeFacts, 10> all_types = {{
    {TensorType::f32, "F32", 1, 4},
    {TensorType::f16, "F16", 1, 2},
    {TensorType::bf16, "BF16", 1, 2},
    blocks_of<BlockQ4_0>(TensorType::q4_0, "Q4_0"),
    blocks_of<BlockQ4_1>(TensorType::q4_1, "Q4_1"),
    blocks_of<BlockQ5_0>(TensorType::q5_0, "Q5_0"),
    blocks_of<BlockQ5_1>(TensorType::q5_1, "Q5_1"),
    blocks_of<BlockQ8_0>(TensorType::q8_0, "Q8_0"),
    blocks_of<BlockQ4_K>(TensorType::q4_k, "Q4_K"),
    blocks_of<BlockQ6_K>(TensorType::q6_k, "Q6_K"),
}};

}  // namespace

const TensorTypeFacts* find_tensor_type(std::uint32_t number) {
  const auto found = std::ranges::find(all_types, static_cast<TensorType>(number), &TensorTypeFacts::type);
  return found == all_types.end() ? nullptr : &*found;
}

const TensorTypeFacts& tensor_type_facts(TensorType type) {
  return *find_tensor_type(static_cast<std::uint32_t>(type));
}

std::string tensor_type_names() {
  std::string names;
  for (const TensorTypeFacts& facts : all_types) names.append(names.empty() ? "" : ", ").append(facts.name);
  return names;
}

}  // namespace qkv::tools
