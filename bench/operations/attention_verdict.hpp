// SPDX-License-Identifier: Apache-2.0
// Some rows of an attention problem against double precision.
#pragma once

#include "operations/prepared_call.hpp"

namespace qkv::bench {

// Contiguous [batch, head, row, dim].
struct AttentionInputs {
  const Floats &query, &key, &value;
};

Verdict attention_verdict(const Attention& shape, const AttentionInputs& inputs, const Floats& result);

// Attention whose keys and values lie in a cache, in operations/cached_attention_bench.cpp.
std::unique_ptr<PreparedCall> prepare_cached(const Attention& shape, const Preparation& preparation);

}  // namespace qkv::bench
