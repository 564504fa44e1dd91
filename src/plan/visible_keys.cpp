// SPDX-License-Identifier: Apache-2.0
#include "plan/visible_keys.hpp"

#include <algorithm>

namespace qkv {

int64_t key_count_of(const qkv_attention_args& args, int64_t batch) {
  return args.key_count == nullptr ? args.key.shape[2] : args.key_count[batch];
}

KeyRange visible_keys(const qkv_attention_args& args, int64_t batch, int64_t query_row) {
  KeyRange range{0, key_count_of(args, batch)};
  if (args.causal != 0) {
    int64_t end = args.first_query_position == nullptr ? 0 : args.first_query_position[batch];
    if (__builtin_add_overflow(end, query_row + 1, &end)) end = INT64_MAX;
    range.end = std::clamp<int64_t>(end, 0, range.end);
  }
  return range;
}

double visible_pairs(const qkv_attention_args& args) {
  double pairs = 0;
  for (int64_t batch = 0; batch < args.query.shape[0]; batch++) {
    for (int64_t row = 0; row < args.query.shape[2]; row++) {
      const KeyRange range = visible_keys(args, batch, row);
      pairs += static_cast<double>(range.end - range.begin);
    }
  }
  return pairs;
}

}  // namespace qkv
