// SPDX-License-Identifier: Apache-2.0
#include "api/views.hpp"

#include <cstring>

#include "api/error.hpp"

namespace qkv {
namespace {

using Long = long long;  // what printf prints

int64_t size_of(int32_t dtype) {
  return dtype == QKV_F32 ? 4 : 1;
}

bool empty(const qkv_tensor& view) {
  for (int axis = 0; axis < view.rank; axis++) {
    if (view.shape[axis] == 0) return true;
  }
  return false;
}

// Byte offsets, relative to data, of the first byte and one past the last byte of all elements.
struct Extent {
  int64_t low, high;
};

bool extent_of(const qkv_tensor& view, Extent& extent) {
  extent = {0, 0};
  if (empty(view)) return true;
  extent.high = size_of(view.dtype);
  for (int axis = 0; axis < view.rank; axis++) {
    int64_t reach;
    if (__builtin_mul_overflow(view.shape[axis] - 1, view.stride[axis], &reach)) return false;
    if (__builtin_mul_overflow(reach, size_of(view.dtype), &reach)) return false;
    int64_t& end = reach < 0 ? extent.low : extent.high;
    if (__builtin_add_overflow(end, reach, &end)) return false;
  }
  return true;
}

bool count_overflows(const qkv_tensor& view) {
  int64_t count = size_of(view.dtype);
  for (int axis = 0; axis < view.rank; axis++) {
    if (__builtin_mul_overflow(count, view.shape[axis], &count)) return true;
  }
  return false;
}

bool is_optional(Role role) {
  return role == Role::optional || role == Role::optional_output;
}
bool is_output(Role role) {
  return role == Role::output || role == Role::optional_output;
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

}  // namespace

int64_t element_count(const qkv_tensor& view) {
  int64_t count = 1;
  for (int axis = 0; axis < view.rank; axis++) count *= view.shape[axis];
  return count;
}

qkv_status check_form(const ViewRule& rule, const qkv_tensor& view) {
  if (!present(view) && !is_optional(rule.role)) {
    return fail(QKV_INVALID_ARGUMENT, "%s.rank = 0: this tensor is required, with rank %d", rule.name, rule.rank);
  }
  if (view.rank != rule.rank) {
    return fail(QKV_INVALID_ARGUMENT, "%s.rank = %d: must be %d", rule.name, view.rank, rule.rank);
  }
  if (view.dtype != static_cast<int32_t>(rule.dtype)) {
    return fail(QKV_INVALID_ARGUMENT, "%s.dtype = %d: must be %d", rule.name, view.dtype, static_cast<int>(rule.dtype));
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

qkv_status check_data(const char* name, const qkv_tensor& view) {
  if (!present(view) || empty(view)) return QKV_OK;
  if (view.data == nullptr) return fail(QKV_INVALID_ARGUMENT, "%s.data = NULL: the tensor has elements", name);
  const auto address = reinterpret_cast<uintptr_t>(view.data);
  if (address % static_cast<uintptr_t>(size_of(view.dtype)) != 0) {
    return fail(QKV_INVALID_ARGUMENT, "%s.data = %p: not aligned to its element", name, view.data);
  }
  Extent extent;
  extent_of(view, extent);
  uintptr_t end;
  const bool wraps = __builtin_add_overflow(address, static_cast<uintptr_t>(extent.high), &end) ||
                     address < uintptr_t{0} - static_cast<uintptr_t>(extent.low);
  if (wraps) return fail(QKV_INVALID_ARGUMENT, "%s: reaches beyond the address space", name);
  return QKV_OK;
}

qkv_status check_no_overlap(const char* output_name, const qkv_tensor& output, const char* other_name,
                            const qkv_tensor& other) {
  if (!present(output) || !present(other) || empty(output) || empty(other)) return QKV_OK;
  Extent ours, theirs;
  extent_of(output, ours);
  extent_of(other, theirs);
  const auto out = reinterpret_cast<uintptr_t>(output.data), in = reinterpret_cast<uintptr_t>(other.data);
  const auto at = [](uintptr_t data, int64_t offset) { return data + static_cast<uintptr_t>(offset); };
  if (at(out, ours.low) < at(in, theirs.high) && at(in, theirs.low) < at(out, ours.high)) {
    return fail(QKV_INVALID_ARGUMENT, "%s overlaps %s", output_name, other_name);
  }
  return QKV_OK;
}

bool same_view(const qkv_tensor& a, const qkv_tensor& b) {
  return a.data == b.data && same_layout(a, b);
}

bool same_layout(const qkv_tensor& a, const qkv_tensor& b) {
  return a.dtype == b.dtype && a.rank == b.rank && std::memcmp(a.shape, b.shape, sizeof a.shape) == 0 &&
         std::memcmp(a.stride, b.stride, sizeof a.stride) == 0;
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
