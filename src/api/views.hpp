// SPDX-License-Identifier: Apache-2.0
// Validation of the caller's strided views. After it, kernels trust shapes and strides without looking.
#pragma once

#include "qkv/types.h"

namespace qkv {

enum class Role {
  input,     // must be there, with exactly the expected shape
  optional,  // may be absent; an axis of extent 1 is broadcast
  output,    // must be there; no two elements in one place
  optional_output
};

struct ViewRule {
  const char* name;
  Role role;
  qkv_dtype dtype;
  int32_t rank;
  int64_t shape[QKV_MAX_RANK];
};

inline bool is_optional(Role role) {
  return role == Role::optional || role == Role::optional_output;
}
inline bool is_output(Role role) {
  return role == Role::output || role == Role::optional_output;
}

inline bool present(const qkv_tensor& view) {
  return view.rank != 0;
}

inline int64_t element_size(const qkv_tensor& view) {
  return view.dtype == QKV_F32 ? 4 : 1;
}

// Extents >= 0, strides and sizes that do not overflow, rank and dtype as the rule says; not yet compared with its
// shape.
qkv_status check_form(const ViewRule& rule, const qkv_tensor& view);

// check_form plus the expected shape. Rewrites `view` into plain form: broadcast axes get their full extent and stride
// 0, unused entries become 0, so that equal layouts are equal bytes.
qkv_status check_view(const ViewRule& rule, qkv_tensor& view);

// Byte offsets, relative to data, of the first byte and one past the last byte of all elements.
struct Extent {
  int64_t low, high;
};
// False if they overflow.
bool extent_of(const qkv_tensor& view, Extent& extent);

bool empty(const qkv_tensor& view);

// Same dtype, shape and strides, whatever the data; equal layouts in another form than the plain one may differ here.
bool same_layout(const qkv_tensor& a, const qkv_tensor& b);

}  // namespace qkv
