// SPDX-License-Identifier: Apache-2.0
#include "api/views.hpp"

#include <cstring>

#include "api/error.hpp"

namespace qkv {
namespace {

using Long = long long;  // what printf prints

const char* dtype_name(int32_t dtype) {
  switch (dtype) {
    case QKV_F32:
      return "QKV_F32";
    case QKV_BOOL:
      return "QKV_BOOL";
    case QKV_BF16:
      return "QKV_BF16";
    case QKV_F16:
      return "QKV_F16";
    case QKV_I8:
      return "QKV_I8";
    default:
      return "unknown";
  }
}

bool count_overflows(const qkv_tensor& view) {
  int64_t count = element_size(view);
  for (int axis = 0; axis < view.rank; axis++) {
    if (__builtin_mul_overflow(count, view.shape[axis], &count)) return true;
  }
  return false;
}

void to_plain_form(const ViewRule& rule, qkv_tensor& view) {
  for (int axis = 0; axis < QKV_MAX_RANK; axis++) {
    if (axis >= view.rank) {
      view.shape[axis] = view.stride[axis] = 0;
    } else if (view.shape[axis] != rule.shape[axis]) {
      view.shape[axis] = rule.shape[axis];
      view.stride[axis] = 0;
    }
  }
}

uint64_t magnitude(int64_t stride) {
  return stride < 0 ? 0 - static_cast<uint64_t>(stride) : static_cast<uint64_t>(stride);
}

// An axis along which elements may meet those of another: its stride does not step over all that axes with smaller (or
// the same) strides reach. -1: there is none. `view` has a sound extent.
int overlapping_axis(const qkv_tensor& view) {
  for (int axis = 0; axis < view.rank; axis++) {
    if (view.shape[axis] <= 1) continue;
    const uint64_t stride = magnitude(view.stride[axis]);
    uint64_t reach = 0;
    for (int other = 0; other < view.rank; other++) {
      const uint64_t step = magnitude(view.stride[other]);
      if (other == axis || step > stride || view.shape[other] <= 1) continue;
      reach += static_cast<uint64_t>(view.shape[other] - 1) * step;
    }
    if (stride <= reach) return axis;
  }
  return -1;
}

}  // namespace

bool empty(const qkv_tensor& view) {
  for (int axis = 0; axis < view.rank; axis++) {
    if (view.shape[axis] == 0) return true;
  }
  return false;
}

bool extent_of(const qkv_tensor& view, Extent& extent) {
  extent = {0, 0};
  if (empty(view)) return true;
  extent.high = element_size(view);
  for (int axis = 0; axis < view.rank; axis++) {
    int64_t reach;
    if (__builtin_mul_overflow(view.shape[axis] - 1, view.stride[axis], &reach)) return false;
    if (__builtin_mul_overflow(reach, element_size(view), &reach)) return false;
    int64_t& end = reach < 0 ? extent.low : extent.high;
    if (__builtin_add_overflow(end, reach, &end)) return false;
  }
  return true;
}

qkv_status check_form(const ViewRule& rule, const qkv_tensor& view) {
  if (!present(view) && !is_optional(rule.role)) {
    return fail(QKV_INVALID_ARGUMENT, "%s.rank = 0: this tensor is required, with rank %d", rule.name, rule.rank);
  }
  if (view.rank != rule.rank) {
    return fail(QKV_INVALID_ARGUMENT, "%s.rank = %d: must be %d", rule.name, view.rank, rule.rank);
  }
  if (view.dtype != static_cast<int32_t>(rule.dtype)) {
    return fail(QKV_INVALID_ARGUMENT, "%s.dtype = %d (%s): must be %s", rule.name, view.dtype, dtype_name(view.dtype),
                dtype_name(rule.dtype));
  }
  for (int axis = 0; axis < view.rank; axis++) {
    if (view.shape[axis] < 0) {
      return fail(QKV_INVALID_ARGUMENT, "%s.shape[%d] = %lld: must not be negative", rule.name, axis,
                  static_cast<Long>(view.shape[axis]));
    }
    if (is_output(rule.role) && view.stride[axis] == 0 && view.shape[axis] > 1 && !empty(view)) {
      return fail(QKV_INVALID_ARGUMENT, "%s.stride[%d] = 0: an output cannot repeat elements", rule.name, axis);
    }
  }
  Extent extent;
  if (count_overflows(view) || !extent_of(view, extent)) {
    return fail(QKV_INVALID_ARGUMENT, "%s: shape and strides reach beyond 2^63 bytes", rule.name);
  }
  const int axis = is_output(rule.role) && !empty(view) ? overlapping_axis(view) : -1;
  if (axis >= 0) {
    return fail(QKV_INVALID_ARGUMENT, "%s.stride[%d] = %lld: elements of the output overlap", rule.name, axis,
                static_cast<Long>(view.stride[axis]));
  }
  return QKV_OK;
}

qkv_status check_view(const ViewRule& rule, qkv_tensor& view) {
  if (!present(view) && is_optional(rule.role)) {
    view = {};
    return QKV_OK;
  }
  if (const qkv_status status = check_form(rule, view); status != QKV_OK) return status;
  for (int axis = 0; axis < view.rank; axis++) {
    const bool fits = view.shape[axis] == rule.shape[axis];
    const bool broadcasts = rule.role == Role::optional && view.shape[axis] == 1;
    if (!fits && !broadcasts) {
      return fail(QKV_INVALID_ARGUMENT, "%s.shape[%d] = %lld: must be %lld", rule.name, axis,
                  static_cast<Long>(view.shape[axis]), static_cast<Long>(rule.shape[axis]));
    }
  }
  to_plain_form(rule, view);
  return QKV_OK;
}

bool same_layout(const qkv_tensor& a, const qkv_tensor& b) {
  constexpr size_t layout = offsetof(qkv_tensor, dtype);  // all that follows the data pointer, without padding
  static_assert(sizeof a - layout == 2 * sizeof(int32_t) + sizeof a.shape + sizeof a.stride);
  const auto* ours = reinterpret_cast<const char*>(&a);
  const auto* theirs = reinterpret_cast<const char*>(&b);
  return std::memcmp(ours + layout, theirs + layout, sizeof a - layout) == 0;
}

}  // namespace qkv

qkv_tensor qkv_tensor_f32(const float* data, int32_t rank, const int64_t* shape) {
  qkv_tensor view = {};
  if (rank < 0 || rank > QKV_MAX_RANK || (shape == nullptr && rank > 0)) return view;
  view.data = const_cast<float*>(data);
  view.rank = rank;
  int64_t stride = 1;
  for (int axis = rank - 1; axis >= 0; axis--) {
    view.shape[axis] = shape[axis];
    view.stride[axis] = stride;
    if (__builtin_mul_overflow(stride, shape[axis], &stride)) stride = INT64_MAX;
  }
  return view;
}
