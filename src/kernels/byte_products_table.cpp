// SPDX-License-Identifier: Apache-2.0
// The translation unit of a tier that adds byte products to the tier below: only what they make faster.
#include "kernels/kernel_table.hpp"

#include "kernels/matmul/quantized.hpp"

#define QKV_TEXT_OF(name) #name
#define QKV_TEXT(name) QKV_TEXT_OF(name)

namespace qkv::QKV_ISA {

extern const KernelTable kernel_table;
constinit const KernelTable kernel_table{
    .isa = QKV_TEXT(QKV_ISA),
    .vector_bits = lanes * 32,
    .register_count = register_count,
    .attention = nullptr,
    .kv = nullptr,
    .matmul = nullptr,
    .rows = nullptr,
    .quantized = &quantized_kernels<ByteProducts>,
};

}  // namespace qkv::QKV_ISA
