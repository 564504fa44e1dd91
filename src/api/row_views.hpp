// SPDX-License-Identifier: Apache-2.0
// The operands of a row-wise operation as a list, so that checks are written once for all of them.
#pragma once

#include "api/views.hpp"
#include "plan/row_plan.hpp"

namespace qkv {

struct RowView {
  ViewRule rule;
  qkv_tensor* view;
  bool in_place;  // an output may be this very view
};

// In the order in which they are checked: first those whose shape the others must have.
struct RowViews {
  int64_t rows, columns;  // of the output
  RowView list[6];
  int count;

  RowViews(int64_t row_count, int64_t column_count) : rows(row_count), columns(column_count), list{}, count(0) {}
  void add(const char* name, Role role, qkv_tensor& matrix, bool in_place = false) {
    add({name, role, QKV_F32, 2, {rows, columns}}, matrix, in_place);
  }
  void add(const ViewRule& rule, qkv_tensor& view, bool in_place = false) { list[count++] = {rule, &view, in_place}; }
};

// Everything but the data; rewrites the views into plain form.
qkv_status check_forms(const RowViews& views);
void store_layouts(const RowViews& views, RowPlan& plan);
bool same_layouts(const RowPlan& plan, const RowViews& views);
// Pointers, and that no output overlaps another operand unless it is computed in place.
qkv_status check_memory(const RowViews& views);
// Bytes that the operation reads and writes at least once.
double bytes_of(const RowViews& views);

// Row numbers of another matrix, or positions.
struct RowIds {
  const char* name;
  const int64_t* ids;
  int64_t limit;  // 0 <= id < limit
};
// That ids are there and do not overlap the output.
qkv_status check_id_memory(const RowIds& ids, const qkv_tensor& output);
qkv_status check_ids(const RowIds& ids, RowRange rows);

}  // namespace qkv
