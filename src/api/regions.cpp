// SPDX-License-Identifier: Apache-2.0
#include "api/regions.hpp"

#include <initializer_list>

#include "api/error.hpp"

namespace qkv {
namespace {

uintptr_t step_of(const qkv_tensor& view, int axis) {
  const uintptr_t bytes = static_cast<uintptr_t>(view.stride[axis]) * static_cast<uintptr_t>(element_size(view));
  return view.stride[axis] < 0 ? uintptr_t{0} - bytes : bytes;
}

// Bytes that the elements span when whole periods between them are left out.
uintptr_t width_modulo(const qkv_tensor& view, uintptr_t period) {
  auto width = static_cast<uintptr_t>(element_size(view));
  for (int axis = 0; axis < view.rank; axis++) {
    const uintptr_t step = step_of(view, axis);
    if (step % period != 0) width += step * static_cast<uintptr_t>(view.shape[axis] - 1);
  }
  return width;
}

// Address modulo the period, every element of `a` comes before those of `b` and after those of the period before.
bool apart_modulo(const Region& a, const Region& b, uintptr_t period) {
  const uintptr_t gap =
      b.begin >= a.begin ? (b.begin - a.begin) % period : period - 1 - (a.begin - b.begin - 1) % period;
  return width_modulo(*a.view, period) <= gap && width_modulo(*b.view, period) <= period - gap;
}

// Slots of a packed tensor, such as query and output in [row, 4, head, dim], interleave without meeting.
bool interleaved(const Region& a, const Region& b) {
  for (const qkv_tensor* view : {a.view, b.view}) {
    for (int axis = 0; axis < view->rank; axis++) {
      const uintptr_t period = step_of(*view, axis);
      if (period != 0 && apart_modulo(a, b, period)) return true;
    }
  }
  return false;
}

}  // namespace

qkv_status find_region(const char* name, const qkv_tensor& view, Region& region) {
  region = {&view, 0, 0};
  if (!present(view) || empty(view)) return QKV_OK;
  if (view.data == nullptr) return fail(QKV_INVALID_ARGUMENT, "%s.data = NULL: the tensor has elements", name);
  const auto address = reinterpret_cast<uintptr_t>(view.data);
  if (address % static_cast<uintptr_t>(element_size(view)) != 0) {
    return fail(QKV_INVALID_ARGUMENT, "%s.data = %p: not aligned to its element", name, view.data);
  }
  Extent extent;
  extent_of(view, extent);
  const bool wraps =
      __builtin_sub_overflow(address, uintptr_t{0} - static_cast<uintptr_t>(extent.low), &region.begin) ||
      __builtin_add_overflow(address, static_cast<uintptr_t>(extent.high), &region.end);
  if (wraps) return fail(QKV_INVALID_ARGUMENT, "%s.data = %p: reaches beyond the address space", name, view.data);
  return QKV_OK;
}

bool disjoint(const Region& a, const Region& b) {
  return a.end <= b.begin || b.end <= a.begin || interleaved(a, b);
}

qkv_status fail_overlap(const char* output_name, const Region& output, const char* other_name, const Region& other) {
  const auto pointer = [](uintptr_t address) { return reinterpret_cast<const void*>(address); };
  return fail(QKV_INVALID_ARGUMENT, "%s overlaps %s: bytes %p .. %p and %p .. %p", output_name, other_name,
              pointer(output.begin), pointer(output.end), pointer(other.begin), pointer(other.end));
}

qkv_status check_apart(const char* output_name, const qkv_tensor& output, const char* other_name,
                       const qkv_tensor& other) {
  Region ours, theirs;
  if (const qkv_status status = find_region(output_name, output, ours); status != QKV_OK) return status;
  if (const qkv_status status = find_region(other_name, other, theirs); status != QKV_OK) return status;
  return disjoint(ours, theirs) ? QKV_OK : fail_overlap(output_name, ours, other_name, theirs);
}

qkv_status view_of_integers(const char* name, const int64_t* integers, int64_t count, qkv_tensor& view) {
  view = bytes_at(nullptr, 0);
  if (integers == nullptr) return QKV_OK;
  const void* data = integers;
  int64_t bytes;
  if (__builtin_mul_overflow(count, int64_t{sizeof(int64_t)}, &bytes)) {
    return fail(QKV_INVALID_ARGUMENT, "%s: reach beyond 2^63 bytes", name);
  }
  if (reinterpret_cast<uintptr_t>(data) % alignof(int64_t) != 0) {
    return fail(QKV_INVALID_ARGUMENT, "%s = %p: not aligned to its element", name, data);
  }
  view = bytes_at(data, bytes);
  return QKV_OK;
}

bool same_view(const qkv_tensor& a, const qkv_tensor& b) {
  return a.data == b.data && same_layout(a, b);
}

}  // namespace qkv
