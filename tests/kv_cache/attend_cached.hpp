// SPDX-License-Identifier: Apache-2.0
// Attention problems whose keys and values lie in a cache.
#pragma once

#include "attention/attend.hpp"
#include "kv_cache/staged_cache.hpp"

namespace qkv_test {

// The problem as attention over the cache sees it: as many keys as there is room for, NaN behind those in use, values
// rounded to the dtypes.
AttentionProblem as_cached(const AttentionProblem& problem, const CacheChoice& choice);

// A problem made by as_cached, in a cache of its own: its keys are appended in pieces, those that are not in use never.
AttentionResult attend_cached(const AttentionProblem& problem, const CacheChoice& choice, const Staging& staging = {},
                              const Execution& execution = {});

// Dtypes, page sizes and tables.
CacheChoice random_choice(Random& random);

}  // namespace qkv_test
