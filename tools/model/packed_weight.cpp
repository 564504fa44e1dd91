// SPDX-License-Identifier: Apache-2.0
#include "model/packed_weight.hpp"

#include "qkv/qkv.hpp"

namespace qkv::tools {

AlignedBuffer packed_weight(const qkv_tensor& weight) {
  std::size_t bytes = 0;
  check(qkv_matmul_pack_bytes(&weight, &bytes));
  AlignedBuffer packed(bytes);
  check(qkv_matmul_pack(&weight, packed.data(), bytes));
  return packed;
}

AlignedBuffer packed_weight(const qkv_block_matrix& weight) {
  std::size_t bytes = 0;
  check(qkv_matmul_pack_blocks_bytes(&weight, &bytes));
  AlignedBuffer packed(bytes);
  check(qkv_matmul_pack_blocks(&weight, packed.data(), bytes));
  return packed;
}

}  // namespace qkv::tools
