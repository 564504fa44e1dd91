// SPDX-License-Identifier: Apache-2.0
// A panel: a few vectors of query rows, one row per lane, with the state of their online softmax.
#pragma once

#include "kernels/attention/online_softmax.hpp"
#include "kernels/attention/operands.hpp"

namespace qkv::QKV_ISA {
namespace {

constexpr int panel_rows = tile_vectors * lanes;

struct Panel {
  int64_t first_row, rows;        // rows of the head group
  int64_t vectors;                // that hold rows
  const KeyRange* visible;        // [rows]
  KeyRange any;                   // keys that some row sees
  KeyRange seen[tile_vectors];    // keys that some row of a vector sees
  KeyRange whole[tile_vectors];   // keys that all rows of a vector see
  float* query;                   // [key dim][panel_rows]
  float *output, *total;          // [value dim + 1][panel_rows]: of this span of keys, and of those before
  float *shift, *folded, *limit;  // [panel_rows]
  float* block_sum;               // [panel_rows]: weights of this block
  float* block_factor;            // [panel_rows]: what `output` is to be multiplied by before this block joins it
  float* span_factor;             // [panel_rows]: the same of `total` and this span
};

constexpr int panel_states = 6;  // arrays of [panel_rows] from `shift` on

inline KeyRange cover(KeyRange a, KeyRange b) {
  if (a.begin >= a.end) return b;
  if (b.begin >= b.end) return a;
  return {smaller(a.begin, b.begin), larger(a.end, b.end)};
}
inline KeyRange intersect(KeyRange a, KeyRange b) {
  return {larger(a.begin, b.begin), smaller(a.end, b.end)};
}

// Lanes without a row see nothing, but what is computed in them is thrown away: they need no masking.
inline void find_visible(Panel& panel) {
  panel.any = {0, 0};
  for (int j = 0; j < tile_vectors; j++) {
    panel.seen[j] = {0, 0};
    panel.whole[j] = {0, INT64_MAX};
    for (int64_t r = j * lanes; r < smaller(panel.rows, (j + 1) * lanes); r++) {
      panel.seen[j] = cover(panel.seen[j], panel.visible[r]);
      panel.whole[j] = intersect(panel.whole[j], panel.visible[r]);
    }
    panel.any = cover(panel.any, panel.seen[j]);
  }
}

inline void fill(float* values, int64_t count, float with) {
  for (int64_t i = 0; i < count; i += lanes) store(values + i, broadcast(with));
}

inline Panel open_panel(const AttentionTask& task, int64_t index) {
  const qkv_attention_args& args = *task.args;
  const int64_t key_dim = args.query.shape[3], value_dim = args.value.shape[3];
  Panel panel{};
  const int64_t first = index * panel_rows;
  panel.first_row = task.first_row + first;
  panel.rows = smaller(panel_rows, task.row_count - first);
  panel.vectors = (panel.rows + lanes - 1) / lanes;
  panel.visible = task.visible + first;
  find_visible(panel);
  panel.query = task.scratch.query + index * key_dim * panel_rows;
  const int64_t sums = (value_dim + 1) * panel_rows;
  panel.output = task.scratch.output + index * 2 * sums;
  panel.total = panel.output + sums;
  panel.shift = task.scratch.state + index * panel_states * panel_rows;
  panel.folded = panel.shift + panel_rows;
  panel.limit = panel.folded + panel_rows;
  panel.block_sum = panel.limit + panel_rows;
  panel.block_factor = panel.block_sum + panel_rows;
  panel.span_factor = panel.block_factor + panel_rows;
  fill(panel.shift, 2 * panel_rows, 0);
  fill(panel.limit, panel_rows, -infinity);
  fill(panel.span_factor, panel_rows, 1);
  fill(panel.output, 2 * sums, 0);
  return panel;
}

inline void load_query(const AttentionTask& task, const Panel& panel) {
  const qkv_tensor& query = task.args->query;
  for (int64_t first = 0; first < panel.vectors * lanes; first += lanes) {
    const auto rows = rows_of<const float>(task, query, panel.first_row + first, smaller(lanes, panel.rows - first));
    rows_to_lanes(rows, query.shape[3], broadcast(task.scale), {panel.query + first, panel_rows});
  }
}

inline void store_lse(const AttentionTask& task, int64_t row, float shift, float sum) {
  const qkv_tensor& lse = task.args->lse;
  if (lse.rank != 0) *row_of<float>(task, lse, row) = log_of_sum(shift, sum);
}

// Moves what a span of keys gave to the totals.
inline void close_span(const AttentionTask& task, const Panel& panel) {
  const int64_t sums = (task.args->value.shape[3] + 1) * panel_rows;
  for (int64_t i = 0; i < sums; i += panel_rows) {
    for (int64_t j = 0; j < panel.vectors * lanes; j += lanes) {
      store(panel.total + i + j,
            fma(load(panel.total + i + j), load(panel.span_factor + j), load(panel.output + i + j)));
      store(panel.output + i + j, broadcast(0));
    }
  }
  fill(panel.span_factor, panel_rows, 1);
}

inline void store_output(const AttentionTask& task, const Panel& panel) {
  const qkv_tensor& output = task.args->output;
  const float* sum = panel.total + output.shape[3] * panel_rows;
  for (int64_t first = 0; first < panel.rows; first += lanes) {
    const auto rows = rows_of<float>(task, output, panel.first_row + first, smaller(lanes, panel.rows - first));
    lanes_to_rows({panel.total + first, panel_rows}, output.shape[3], inverse_of_sum(load(sum + first)), rows);
  }
  if (task.args->lse.rank == 0) return;
  for (int64_t r = 0; r < panel.rows; r++) store_lse(task, panel.first_row + r, panel.shift[r], sum[r]);
}

}  // namespace
}  // namespace qkv::QKV_ISA
