// SPDX-License-Identifier: Apache-2.0
// The KV cache family of this ISA.
#pragma once

#include "kernels/kv_cache/append.hpp"
#include "kernels/kv_cache/unpack.hpp"

namespace qkv::QKV_ISA {
namespace {

constexpr KvKernels kv_kernels{.append = append_tokens, .unpack = unpack_tokens};

}  // namespace
}  // namespace qkv::QKV_ISA
