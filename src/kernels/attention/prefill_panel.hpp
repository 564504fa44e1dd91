// SPDX-License-Identifier: Apache-2.0
// A panel: a few vectors of query rows, one row per lane, with the state of their online softmax.
#pragma once

#include "kernels/attention/online_softmax.hpp"
#include "kernels/attention/operands.hpp"
#include "kernels/simd/transpose.hpp"

namespace qkv::QKV_ISA {
namespace {

constexpr int panel_rows = tile_vectors * lanes;

struct Panel {
  int64_t first_row, rows;                  // rows of the head group
  const KeyRange* visible;                  // [rows]
  KeyRange any, all;                        // keys that some row sees; keys that all rows see
  KeyRange seen[tile_vectors];              // keys that some row of a vector sees
  float* query;                             // [key dim][panel_rows]
  float *output, *total;                    // [value dim + 1][panel_rows]: of this span of keys, and of those before
  float *shift, *base, *limit, *block_sum;  // [panel_rows]
  float* sum;                               // the last row of `output`: it goes along with it
};

inline KeyRange cover(KeyRange a, KeyRange b) {
  if (a.begin >= a.end) return b;
  if (b.begin >= b.end) return a;
  return {smaller(a.begin, b.begin), larger(a.end, b.end)};
}

inline void find_visible(Panel& panel) {
  panel.any = {0, 0};
  panel.all = {0, INT64_MAX};
  for (KeyRange& seen : panel.seen) seen = {0, 0};
  for (int64_t r = 0; r < panel.rows; r++) {
    KeyRange& seen = panel.seen[r / lanes];
    seen = cover(seen, panel.visible[r]);
    panel.all = {larger(panel.all.begin, panel.visible[r].begin), smaller(panel.all.end, panel.visible[r].end)};
  }
  for (const KeyRange& seen : panel.seen) panel.any = cover(panel.any, seen);
  // Lanes without a row see nothing, but what is computed in them is thrown away: they need no masking.
}

inline Panel open_panel(const AttentionTask& task, int64_t index) {
  const qkv_attention_args& args = *task.args;
  const int64_t key_dim = args.query.shape[3], value_dim = args.value.shape[3];
  Panel panel{};
  const int64_t first = index * panel_rows;
  panel.first_row = task.first_row + first;
  panel.rows = smaller(panel_rows, task.row_count - first);
  panel.visible = task.visible + first;
  find_visible(panel);
  panel.query = task.scratch.query + index * key_dim * panel_rows;
  const int64_t sums = (value_dim + 1) * panel_rows;
  panel.output = task.scratch.output + index * 2 * sums;
  panel.total = panel.output + sums;
  panel.sum = panel.total - panel_rows;
  panel.shift = task.scratch.state + index * 4 * panel_rows;
  panel.base = panel.shift + panel_rows;
  panel.limit = panel.base + panel_rows;
  panel.block_sum = panel.limit + panel_rows;
  for (int r = 0; r < panel_rows; r++) {
    panel.shift[r] = panel.base[r] = 0;
    panel.limit[r] = -infinity;
  }
  for (int64_t i = 0; i < 2 * sums; i++) panel.output[i] = 0;
  return panel;
}

// Rows are position-major: with one head per group they lie at a constant stride, else each has a place of its own.
inline void load_query(const AttentionTask& task, const Panel& panel) {
  const qkv_tensor& query = task.args->query;
  for (int64_t first = 0; first < panel_rows; first += lanes) {
    const int64_t rows = larger(0, smaller(lanes, panel.rows - first));
    float* to = panel.query + first;
    if (task.group == 1 || rows == 0) {
      const auto* data = rows == 0 ? nullptr : row_of<const float>(task, query, panel.first_row + first);
      rows_to_lanes({data, query.stride[2], query.stride[3]}, rows, query.shape[3], task.scale, to, panel_rows);
      continue;
    }
    for (int64_t r = 0; r < lanes; r++) {
      const auto* data = r < rows ? row_of<const float>(task, query, panel.first_row + first + r) : nullptr;
      for (int64_t c = 0; c < query.shape[3]; c++) {
        to[c * panel_rows + r] = r < rows ? data[c * query.stride[3]] * task.scale : 0.0F;
      }
    }
  }
}

inline void store_lse(const AttentionTask& task, int64_t row, float shift, float sum) {
  const qkv_tensor& lse = task.args->lse;
  if (lse.rank != 0) *row_of<float>(task, lse, row) = log_of_sum(shift, sum);
}

// Moves what a span of keys gave to the totals.
inline void close_span(const AttentionTask& task, const Panel& panel) {
  const int64_t sums = (task.args->value.shape[3] + 1) * panel_rows;
  for (int64_t i = 0; i < sums; i += lanes) {
    store(panel.total + i, load(panel.total + i) + load(panel.output + i));
    store(panel.output + i, broadcast(0));
  }
}

inline void store_output(const AttentionTask& task, const Panel& panel) {
  const qkv_tensor& output = task.args->output;
  const float* sum = panel.total + output.shape[3] * panel_rows;
  for (int64_t first = 0; first < panel.rows; first += lanes) {
    const int64_t rows = smaller(lanes, panel.rows - first);
    const Floats inverse = inverse_of_sum(load(sum + first));
    const float* from = panel.total + first;
    if (task.group == 1) {
      auto* to = row_of<float>(task, output, panel.first_row + first);
      lanes_to_rows(from, panel_rows, inverse, rows, output.shape[3], {to, output.stride[2], output.stride[3]});
      continue;
    }
    alignas(64) float factor[lanes];
    store(factor, inverse);
    for (int64_t r = 0; r < rows; r++) {
      auto* to = row_of<float>(task, output, panel.first_row + first + r);
      for (int64_t c = 0; c < output.shape[3]; c++) to[c * output.stride[3]] = from[c * panel_rows + r] * factor[r];
    }
  }
  for (int64_t r = 0; r < panel.rows; r++) store_lse(task, panel.first_row + r, panel.shift[r], sum[r]);
}

}  // namespace
}  // namespace qkv::QKV_ISA
