// SPDX-License-Identifier: Apache-2.0
#include "api/operands.hpp"

#include <algorithm>

#include "api/error.hpp"

namespace qkv {
namespace {

// Two views of the same rule differ in whether they are there, or in strides.
qkv_status fail_layout(const char* name, const qkv_tensor& planned, const qkv_tensor& view) {
  const qkv_status status = QKV_INVALID_ARGUMENT;
  if (view.rank != planned.rank) {
    return fail(status, "%s.rank = %d: the plan was made with %d", name, view.rank, planned.rank);
  }
  int axis = 0;
  while (axis + 1 < view.rank && view.stride[axis] == planned.stride[axis]) axis++;
  return fail(status, "%s.stride[%d] = %lld: the plan was made with %lld", name, axis,
              static_cast<long long>(view.stride[axis]), static_cast<long long>(planned.stride[axis]));
}

}  // namespace

qkv_status check_forms(const Operands& operands) {
  for (const Operand& operand : operands) {
    if (const qkv_status status = check_view(operand.rule, *operand.view); status != QKV_OK) return status;
  }
  return QKV_OK;
}

qkv_status check_layouts(const Operands& operands) {
  for (const Operand& operand : operands) {
    if (same_layout(*operand.planned, *operand.view)) continue;
    // An axis of extent 1 that the plan has in plain form, or a mistake.
    if (const qkv_status status = check_view(operand.rule, *operand.view); status != QKV_OK) return status;
    if (same_layout(*operand.planned, *operand.view)) continue;
    return fail_layout(operand.rule.name, *operand.planned, *operand.view);
  }
  return QKV_OK;
}

qkv_status check_memory(const Operands& operands) {
  Region regions[sizeof operands.list / sizeof *operands.list];
  for (int i = 0; i < operands.count; i++) {
    const Operand& operand = operands.list[i];
    const qkv_status status = find_region(operand.rule.name, *operand.view, regions[i]);
    if (status != QKV_OK) return status;
  }
  for (int i = 0; i < operands.count; i++) {
    const Operand& output = operands.list[i];
    if (!is_output(output.rule.role) || !present(*output.view)) continue;
    for (int j = 0; j < operands.count; j++) {
      const Operand& other = operands.list[j];
      if (i == j || (other.in_place && same_view(*output.view, *other.view))) continue;
      if (!disjoint(regions[i], regions[j])) {
        return fail_overlap(output.rule.name, regions[i], other.rule.name, regions[j]);
      }
    }
  }
  return QKV_OK;
}

void forget_data(const Operands& operands) {
  for (const Operand& operand : operands) operand.view->data = nullptr;
}

double bytes_of(const Operands& operands, int64_t rows) {
  double bytes = 0;
  for (const Operand& operand : operands) {
    const qkv_tensor& view = *operand.view;
    double size = present(view) ? static_cast<double>(element_size(view)) : 0;
    for (int axis = 0; axis < view.rank; axis++) {
      const int64_t extent = view.rank == 2 && axis == 0 ? std::min(view.shape[0], rows) : view.shape[axis];
      if (view.stride[axis] != 0) size *= static_cast<double>(extent);
    }
    bytes += size;
  }
  return bytes;
}

}  // namespace qkv
