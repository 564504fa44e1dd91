// SPDX-License-Identifier: Apache-2.0
#include "plan/visible_keys.hpp"

#include <algorithm>

namespace qkv {
namespace {

int64_t key_count_of(const qkv_attention_args& args, int64_t batch) {
  return args.key_count == nullptr ? args.key.shape[2] : args.key_count[batch];
}

int64_t first_position_of(const qkv_attention_args& args, int64_t batch) {
  return args.first_query_position == nullptr ? 0 : args.first_query_position[batch];
}

// The sum of min(max(first + i, 0), limit) for 0 <= i < count: nothing, then an arithmetic series, then the limit. In
// double, where no position overflows.
double clamped_series(double first, double count, double limit) {
  const double begin = std::clamp(-first, 0.0, count), end = std::clamp(limit - first, begin, count);
  return (end - begin) * (2 * first + begin + end - 1) / 2 + (count - end) * limit;
}

// Of one batch entry. Each end of the rows' ranges is a clamped series of its own.
double visible_pairs_of(const qkv_attention_args& args, int64_t batch) {
  const auto rows = static_cast<double>(args.query.shape[2]), keys = static_cast<double>(key_count_of(args, batch));
  if (args.causal == 0) return rows * keys;
  return clamped_series(static_cast<double>(first_position_of(args, batch)) + 1, rows, keys);
}

}  // namespace

KeyRange visible_keys(const qkv_attention_args& args, int64_t batch, int64_t query_row) {
  KeyRange range{0, key_count_of(args, batch)};
  if (args.causal != 0) {
    int64_t end;
    if (__builtin_add_overflow(first_position_of(args, batch), query_row + 1, &end)) end = INT64_MAX;
    range.end = std::clamp<int64_t>(end, 0, range.end);
  }
  return range;
}

double visible_pairs(const qkv_attention_args& args) {
  const int64_t batches = args.query.shape[0];
  if (batches == 0) return 0;
  // Alike entries are not counted one by one: nothing bounds their number.
  if (args.key_count == nullptr && args.first_query_position == nullptr) {
    return static_cast<double>(batches) * visible_pairs_of(args, 0);
  }
  double pairs = 0;
  for (int64_t batch = 0; batch < batches; batch++) pairs += visible_pairs_of(args, batch);
  return pairs;
}

}  // namespace qkv
