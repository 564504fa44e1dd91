// SPDX-License-Identifier: Apache-2.0
// A panel: a few vectors of query rows, one row per lane, with the state of their online softmax.
#pragma once

#include "kernels/attention/online_softmax.hpp"
#include "kernels/attention/operands.hpp"

namespace qkv::QKV_ISA {
namespace {

constexpr int panel_rows = tile_vectors * lanes;

struct Panel {
  int64_t first_row, rows;         // rows of the head group
  int64_t vectors;                 // that hold rows
  const KeyRange* visible;         // [rows], begins and ends in ascending order
  KeyRange any, all;               // keys that some row sees; keys that all rows see
  KeyRange seen[tile_vectors];     // keys that some row of a vector sees
  KeyRange whole[tile_vectors];    // keys that all rows of a vector see
  float* query;                    // [key dim][panel_rows]
  float *output, *total;           // [value dim + 1][panel_rows]: of this span of keys, and of those before
  bool output_fresh, total_fresh;  // nothing is in them yet, not even zeros
  float *shift, *folded, *limit;   // [panel_rows]
  float* block_sum;                // [panel_rows]: weights of this block
  float* block_factor;             // [panel_rows]: of what `output` holds when this block joins it
  float* span_factor;              // [panel_rows]: of what `total` holds when this span joins it
};

// Lanes without a row see nothing, but what is computed in them is thrown away: they need no masking.
inline void find_visible(Panel& panel) {
  const KeyRange* visible = panel.visible;
  for (int64_t j = 0; j < panel.vectors; j++) {
    const KeyRange first = visible[j * lanes], last = visible[smaller(panel.rows, (j + 1) * lanes) - 1];
    panel.seen[j] = {first.begin, last.end};
    panel.whole[j] = {last.begin, first.end};
  }
  panel.any = {visible[0].begin, visible[panel.rows - 1].end};
  panel.all = {visible[panel.rows - 1].begin, visible[0].end};
}

QKV_INLINE void fill(float* values, float with) {
  QKV_UNROLL for (int j = 0; j < tile_vectors; j++) store(values + j * lanes, broadcast(with));
}

inline Panel open_panel(const AttentionTask& task, int64_t index) {
  const qkv_attention_args& args = *task.args;
  const int64_t key_dim = args.query.shape[3], value_dim = args.value.shape[3];
  Panel panel;
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
  panel.output_fresh = panel.total_fresh = true;
  panel.shift = task.scratch.state + index * prefill_state_numbers * panel_rows;
  panel.folded = panel.shift + panel_rows;
  panel.limit = panel.folded + panel_rows;
  panel.block_sum = panel.limit + panel_rows;
  panel.block_factor = panel.block_sum + panel_rows;
  panel.span_factor = panel.block_factor + panel_rows;
  fill(panel.shift, 0);
  fill(panel.folded, 0);
  fill(panel.limit, -infinity);
  fill(panel.span_factor, 1);
  return panel;
}

inline void load_query(const AttentionTask& task, const Panel& panel) {
  const qkv_tensor& query = task.args->query;
  for (int64_t first = 0; first < panel.vectors * lanes; first += lanes) {
    const auto rows = rows_of<const float>(task, query, panel.first_row + first, smaller(lanes, panel.rows - first));
    rows_to_lanes(rows, query.shape[3], broadcast(task.scale), {panel.query + first, panel_rows});
  }
}

// Moves what a span of keys gave to the totals.
inline void close_span(const AttentionTask& task, Panel& panel) {
  if (panel.output_fresh) return;
  if (panel.total_fresh) {
    float* output = panel.total;
    panel.total = panel.output;
    panel.output = output;
  } else {
    const int64_t sums = (task.args->value.shape[3] + 1) * panel_rows;
    for (int64_t i = 0; i < sums; i += lanes) {
      const Floats factor = load(panel.span_factor + i % panel_rows);
      store(panel.total + i, fma(load(panel.total + i), factor, load(panel.output + i)));
    }
  }
  panel.output_fresh = true;
  panel.total_fresh = false;
  fill(panel.span_factor, 1);
}

inline void store_output(const AttentionTask& task, const Panel& panel) {
  const qkv_tensor& output = task.args->output;
  const int64_t value_dim = output.shape[3];
  if (panel.total_fresh) {
    for (int64_t c = 0; c <= value_dim; c++) fill(panel.total + c * panel_rows, 0);
  }
  const float* sum = panel.total + value_dim * panel_rows;
  for (int64_t first = 0; first < panel.rows; first += lanes) {
    const auto rows = rows_of<float>(task, output, panel.first_row + first, smaller(lanes, panel.rows - first));
    lanes_to_rows({panel.total + first, panel_rows}, value_dim, inverse_of_sum(load(sum + first)), rows);
  }
  if (task.args->lse.rank == 0) return;
  for (int64_t r = 0; r < panel.rows; r++) store_lse(task, panel.first_row + r, panel.shift[r], sum[r]);
}

}  // namespace
}  // namespace qkv::QKV_ISA
