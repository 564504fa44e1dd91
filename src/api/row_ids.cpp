// SPDX-License-Identifier: Apache-2.0
#include "api/row_ids.hpp"

#include "api/error.hpp"
#include "api/regions.hpp"

namespace qkv {
namespace {

qkv_status check_id_memory(const RowIds& ids, const qkv_tensor& output) {
  const int64_t rows = output.shape[0];
  if (rows > 0 && ids.ids == nullptr) return fail(QKV_INVALID_ARGUMENT, "%s = NULL: there are rows", ids.name);
  qkv_tensor view;
  const qkv_status status = view_of_integers(ids.name, ids.ids, rows, view);
  return status != QKV_OK ? status : check_apart("output", output, ids.name, view);
}

}  // namespace

qkv_status check_ids(const RowIds& ids, const qkv_tensor& output, RowRange rows) {
  if (const qkv_status status = check_id_memory(ids, output); status != QKV_OK) return status;
  for (int64_t row = rows.first; row < rows.last; row++) {
    const int64_t id = ids.ids[row];
    if (id >= 0 && id < ids.limit) continue;
    return fail(QKV_INVALID_ARGUMENT, "%s[%lld] = %lld: must be at least 0 and below %lld", ids.name,
                static_cast<long long>(row), static_cast<long long>(id), static_cast<long long>(ids.limit));
  }
  return QKV_OK;
}

qkv_status check_positions(const RowIds& positions, int64_t first, const qkv_tensor& output, RowRange rows) {
  if (positions.ids != nullptr) return check_ids(positions, output, rows);
  const int64_t count = output.shape[0], limit = positions.limit;
  if (first >= 0 && first <= limit && count <= limit - first) return QKV_OK;
  return fail(QKV_INVALID_ARGUMENT, "first_position = %lld: must be at least 0, and with %lld rows stay below %lld",
              static_cast<long long>(first), static_cast<long long>(count), static_cast<long long>(limit));
}

}  // namespace qkv
