// SPDX-License-Identifier: Apache-2.0
// The attention family of this ISA.
#pragma once

#include "kernels/attention/decode_cached.hpp"
#include "kernels/attention/prefill.hpp"
#include "kernels/attention/weights.hpp"

namespace qkv::QKV_ISA {
namespace {

constexpr AttentionKernels attention_kernels{
    .lanes = lanes,
    .panel_rows = panel_rows,
    .prefill = {prefill<attention_plain>, prefill<attention_biased>},
    .decode = {decode<attention_plain>, decode<attention_biased>},
    .decode_cached = {decode_cached<attention_plain>, decode_cached<attention_biased>},
    .join = join_parts,
    .weights = weights,
};

}  // namespace
}  // namespace qkv::QKV_ISA
