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

// Row r of a batch entry sees keys [begin + r, end + r) of those in use: what masks by position come to. A position
// that overflows is beyond every key.
struct Band {
  int64_t begin, end;
  bool begins = false, ends = false;  // else from the first key, to the last
};

int64_t position_plus(int64_t position, int64_t keys) {
  int64_t sum;
  return __builtin_add_overflow(position, keys, &sum) ? (keys < 0 ? INT64_MIN : INT64_MAX) : sum;
}

Band band_of(const qkv_attention_args& args, int64_t batch) {
  const int64_t first = first_position_of(args, batch);
  Band band{};
  band.begins = args.window_left > 0;
  band.begin = position_plus(first, 1 - args.window_left);
  band.ends = args.causal != 0 || args.window_right > 0;
  band.end = position_plus(first, args.causal != 0 ? 1 : args.window_right);
  return band;
}

// Of one batch entry. Each end of the rows' ranges is a clamped series of its own.
double visible_pairs_of(const qkv_attention_args& args, int64_t batch) {
  const auto rows = static_cast<double>(args.query.shape[2]), keys = static_cast<double>(key_count_of(args, batch));
  const Band band = band_of(args, batch);
  const double ends = band.ends ? clamped_series(static_cast<double>(band.end), rows, keys) : rows * keys;
  return ends - (band.begins ? clamped_series(static_cast<double>(band.begin), rows, keys) : 0);
}

}  // namespace

void find_visible_keys(const qkv_attention_args& args, const RowBlock& block, KeyRange* ranges) {
  const Band band = band_of(args, block.batch);
  const int64_t keys = key_count_of(args, block.batch);
  int64_t query_row = block.first / block.group, head = block.first % block.group;
  for (int64_t r = 0; r < block.count; query_row++, head = 0) {
    KeyRange range{0, keys};
    if (band.ends) range.end = std::clamp<int64_t>(position_plus(band.end, query_row), 0, keys);
    if (band.begins) range.begin = std::clamp<int64_t>(position_plus(band.begin, query_row), 0, keys);
    for (; head < block.group && r < block.count; head++) ranges[r++] = range;
  }
}

KeyRange seen_keys(const qkv_attention_args& args, int64_t batch) {
  const int64_t rows = args.query.shape[2];
  if (rows == 0) return {0, 0};
  KeyRange first, last;
  find_visible_keys(args, {batch, 0, 1, 1}, &first);
  find_visible_keys(args, {batch, rows - 1, 1, 1}, &last);
  return {first.begin, last.end};
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
