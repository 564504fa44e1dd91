// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/aligned_buffer.hpp"
#include "qkv/matmul.h"

namespace qkv::tools {

// A weight [outputs, inputs] as qkv_matmul reads it. Throws qkv::Error.
AlignedBuffer packed_weight(const qkv_tensor& weight);
AlignedBuffer packed_weight(const qkv_block_matrix& weight);

}  // namespace qkv::tools
