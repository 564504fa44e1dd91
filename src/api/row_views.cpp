// SPDX-License-Identifier: Apache-2.0
#include "api/row_views.hpp"

#include <algorithm>

#include "api/error.hpp"

namespace qkv {
namespace {

bool is_output(const RowView& operand) {
  return operand.rule.role == Role::output || operand.rule.role == Role::optional_output;
}

qkv_status check_pair(const RowView& output, const RowView& other) {
  if (other.in_place && same_view(*output.view, *other.view)) return QKV_OK;
  return check_no_overlap(output.rule.name, *output.view, other.rule.name, *other.view);
}

}  // namespace

qkv_status check_forms(const RowViews& views) {
  for (int i = 0; i < views.count; i++) {
    if (const qkv_status status = check_view(views.list[i].rule, *views.list[i].view); status != QKV_OK) return status;
  }
  return QKV_OK;
}

void store_layouts(const RowViews& views, RowPlan& plan) {
  plan.view_count = views.count;
  for (int i = 0; i < views.count; i++) {
    plan.layouts[i] = *views.list[i].view;
    plan.layouts[i].data = nullptr;
  }
}

bool same_layouts(const RowPlan& plan, const RowViews& views) {
  if (plan.view_count != views.count) return false;
  for (int i = 0; i < views.count; i++) {
    if (!same_layout(plan.layouts[i], *views.list[i].view)) return false;
  }
  return true;
}

qkv_status check_memory(const RowViews& views) {
  for (int i = 0; i < views.count; i++) {
    const RowView& operand = views.list[i];
    if (const qkv_status status = check_data(operand.rule.name, *operand.view); status != QKV_OK) return status;
  }
  for (int i = 0; i < views.count; i++) {
    if (!is_output(views.list[i])) continue;
    for (int j = 0; j < views.count; j++) {
      if (i == j) continue;
      if (const qkv_status status = check_pair(views.list[i], views.list[j]); status != QKV_OK) return status;
    }
  }
  return QKV_OK;
}

double bytes_of(const RowViews& views) {
  double bytes = 0;
  for (int i = 0; i < views.count; i++) {
    const qkv_tensor& view = *views.list[i].view;
    double size = present(view) ? (view.dtype == QKV_F32 ? 4 : 1) : 0;
    for (int axis = 0; axis < view.rank; axis++) {
      // Of a table, no more rows than the output has are read.
      const int64_t extent = view.rank == 2 && axis == 0 ? std::min(view.shape[0], views.rows) : view.shape[axis];
      if (view.stride[axis] != 0) size *= static_cast<double>(extent);
    }
    bytes += size;
  }
  return bytes;
}

qkv_status check_id_memory(const RowIds& ids, const qkv_tensor& output) {
  const int64_t rows = output.shape[0];
  int64_t bytes;
  if (__builtin_mul_overflow(rows, static_cast<int64_t>(sizeof(int64_t)), &bytes)) {
    return fail(QKV_INVALID_ARGUMENT, "%s: reach beyond 2^63 bytes", ids.name);
  }
  if (rows > 0 && ids.ids == nullptr) return fail(QKV_INVALID_ARGUMENT, "%s = NULL: there are rows", ids.name);
  if (reinterpret_cast<uintptr_t>(ids.ids) % alignof(int64_t) != 0) {
    return fail(QKV_INVALID_ARGUMENT, "%s = %p: not aligned to its element", ids.name,
                static_cast<const void*>(ids.ids));
  }
  const qkv_tensor view = bytes_at(ids.ids, bytes);
  if (const qkv_status status = check_data(ids.name, view); status != QKV_OK) return status;
  return check_no_overlap("output", output, ids.name, view);
}

qkv_status check_ids(const RowIds& ids, RowRange rows) {
  for (int64_t row = rows.first; row < rows.last; row++) {
    const int64_t id = ids.ids[row];
    if (id >= 0 && id < ids.limit) continue;
    return fail(QKV_INVALID_ARGUMENT, "%s[%lld] = %lld: must be at least 0 and below %lld", ids.name,
                static_cast<long long>(row), static_cast<long long>(id), static_cast<long long>(ids.limit));
  }
  return QKV_OK;
}

}  // namespace qkv
