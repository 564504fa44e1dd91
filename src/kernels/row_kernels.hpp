// SPDX-License-Identifier: Apache-2.0
// The table of the row-wise operations.
#pragma once

#include "kernels/activation/activation.hpp"
#include "kernels/embedding/embedding.hpp"
#include "kernels/embedding/position.hpp"
#include "kernels/norm/norm.hpp"
#include "kernels/rope/rope.hpp"
#include "kernels/rope/rope_table.hpp"
#include "kernels/softmax/softmax.hpp"

namespace qkv::QKV_ISA {
namespace {

constexpr RowKernels row_kernels{softmax_rows,  norm_rows, activation_rows, embedding_rows,
                                 position_rows, rope_rows, rope_table_rows};

}  // namespace
}  // namespace qkv::QKV_ISA
