// SPDX-License-Identifier: Apache-2.0
// Validation of the caller's strided views. After it, kernels trust shapes and strides without looking.
#pragma once

#include "qkv/types.h"

namespace qkv {

enum class Role {
  input,     // must be there, with exactly the expected shape
  optional,  // may be absent; an axis of extent 1 is broadcast
  output,    // must be there; no stride 0
  optional_output
};

struct ViewRule {
  const char* name;
  Role role;
  qkv_dtype dtype;
  int32_t rank;
  int64_t shape[QKV_MAX_RANK];
};

inline bool present(const qkv_tensor& view) {
  return view.rank != 0;
}

// Number of elements; the shape must have been checked.
int64_t element_count(const qkv_tensor& view);

// Extents >= 0, strides and sizes that do not overflow, rank and dtype as the rule says; not yet compared with its
// shape.
qkv_status check_form(const ViewRule& rule, const qkv_tensor& view);

// check_form plus the expected shape. Rewrites `view` into plain form: broadcast axes get their full extent and stride
// 0, unused entries become 0, so that equal layouts are equal bytes.
qkv_status check_view(const ViewRule& rule, qkv_tensor& view);

// Data pointer present where there are elements, and inside the address space. Called when there is data, in run.
qkv_status check_data(const char* name, const qkv_tensor& view);

// Bytes from the first to the last element of `output` and `other` must not intersect.
qkv_status check_no_overlap(const char* output_name, const qkv_tensor& output, const char* other_name,
                            const qkv_tensor& other);

// A view of plain memory.
inline qkv_tensor bytes_at(const void* data, int64_t bytes) {
  return {const_cast<void*>(data), QKV_BOOL, 1, {bytes}, {1}};
}

// True for the same elements in the same order: computing in place is then safe.
bool same_view(const qkv_tensor& a, const qkv_tensor& b);

// Same dtype, shape and strides, whatever the data.
bool same_layout(const qkv_tensor& a, const qkv_tensor& b);

}  // namespace qkv
