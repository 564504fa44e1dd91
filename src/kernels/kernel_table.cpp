// SPDX-License-Identifier: Apache-2.0
// The one translation unit per ISA. Its only external symbol is the table, initialised at compile time.
#include "kernels/kernel_table.hpp"

#include "kernels/attention/kernels.hpp"
#include "kernels/kv_cache/kernels.hpp"
#include "kernels/matmul/matmul.hpp"
#include "kernels/matmul/quantized.hpp"
#include "kernels/row_kernels.hpp"

#define QKV_TEXT_OF(name) #name
#define QKV_TEXT(name) QKV_TEXT_OF(name)

namespace qkv::QKV_ISA {

extern const KernelTable kernel_table;
constinit const KernelTable kernel_table{
    .isa = QKV_TEXT(QKV_ISA),
    .vector_bits = lanes * 32,
    .register_count = register_count,
    .attention = &attention_kernels,
    .kv = &kv_kernels,
    .matmul = &matmul_kernels,
    .rows = &row_kernels,
    .quantized = &quantized_kernels<Products>,
};

}  // namespace qkv::QKV_ISA
