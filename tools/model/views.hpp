// SPDX-License-Identifier: Apache-2.0
// Views of the models' buffers.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "qkv/qkv.hpp"

namespace qkv::tools {

inline std::size_t float_bytes(std::int64_t count) {
  return static_cast<std::size_t>(count) * sizeof(float);
}

inline qkv_tensor matrix(const float* data, std::int64_t rows, std::int64_t columns) {
  const std::array shape = {rows, columns};
  return qkv_tensor_f32(data, 2, shape.data());
}

// Absent where there are no values.
inline qkv_tensor vector(const std::vector<float>& data) {
  return data.empty() ? qkv_tensor{} : input(data, {static_cast<std::int64_t>(data.size())});
}

}  // namespace qkv::tools
