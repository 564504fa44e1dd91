// SPDX-License-Identifier: Apache-2.0
// A block of keys as one panel sees it: in groups, whose scores become weights, and in segments, whose values are
// summed.
#pragma once

#include "kernels/attention/prefill_panel.hpp"

namespace qkv::QKV_ISA {
namespace {

// Keys [begin, end) inside one key_group, seen by vectors [first_vector, first_vector + vectors) of the panel.
struct Group {
  int64_t begin, end;
  int64_t first_vector, vectors;
  bool whole;         // every row sees every key, and nothing is added to the scores
  Scalars key;        // of key `begin`
  const float* bias;  // [key][panel_rows], or null
  float* weight;      // [key][panel_rows], of key `begin`
  int64_t before;     // keys of the same block before `begin`
};

// Weights that are still scores, to be computed beside the products of the next group, whose multiply-adds leave other
// units idle. All rows see all key_group keys.
struct Pending {
  float* weight;  // [key_group][panel_rows]; null: nothing is pending
  int64_t first_vector, vectors;
};

// Consecutive keys of a block that vectors from `first_vector` on see. To vectors behind the last that sees them they
// have weight 0.
struct Segment {
  int64_t first, last;  // keys, relative to the block
  int64_t first_vector;
};

// Relative to the block: row r sees keys [begin[r], end[r]). Small integers, exact as floats.
struct LaneRanges {
  alignas(64) float begin[panel_rows], end[panel_rows];
};

constexpr int64_t max_segments = max_keys_per_block / key_group;

// What a panel makes of a block of keys.
struct BlockWeights {
  Segment segments[max_segments];
  int64_t count = 0;     // of segments
  bool careful = false;  // some hidden key has NaN or infinite values
  bool raised = false;   // some maximum moved: block_factor is not 1 everywhere
  Pending pending{};
  LaneRanges ranges;  // only where some row does not see the whole block

  // All vectors see all keys from the first on: the common case, and worth a loop of its own.
  bool whole() const { return count == 1 && segments[0].first == 0 && segments[0].first_vector == 0; }

  void append(const Segment& next) {
    if (count > 0 && segments[count - 1].last == next.first && segments[count - 1].first_vector == next.first_vector) {
      segments[count - 1].last = next.last;
    } else {
      segments[count++] = next;
    }
  }
};

QKV_INLINE bool sees_whole(const Panel& panel, const Group& group, int64_t vector) {
  return panel.whole[vector].begin <= group.begin && group.end <= panel.whole[vector].end;
}

inline void find_ranges(const Panel& panel, const KeyBlock& keys, LaneRanges& ranges) {
  const int64_t count = keys.end - keys.begin;
  for (int64_t r = 0; r < panel_rows; r++) {
    const KeyRange visible = r < panel.rows ? panel.visible[r] : KeyRange{0, 0};
    ranges.begin[r] = static_cast<float>(smaller(count, larger(0, visible.begin - keys.begin)));
    ranges.end[r] = static_cast<float>(smaller(count, larger(0, visible.end - keys.begin)));
  }
}

}  // namespace
}  // namespace qkv::QKV_ISA
