// SPDX-License-Identifier: Apache-2.0
// Where views lie in memory, and whether two of them share an element.
#pragma once

#include "api/views.hpp"

namespace qkv {

// Addresses [begin, end), from the first byte of all elements to the last; none if there are no elements.
struct Region {
  const qkv_tensor* view;
  uintptr_t begin, end;
};

// Also checks that the data pointer is there and aligned where there are elements, and all of them in the address
// space. Called when there is data, in run.
qkv_status find_region(const char* name, const qkv_tensor& view, Region& region);

// True if no byte belongs to both: their regions do not meet, or they are slots of a common period. Other views that
// share no byte either may be false.
bool disjoint(const Region& a, const Region& b);
qkv_status fail_overlap(const char* output_name, const Region& output, const char* other_name, const Region& other);

// find_region of both, and that they are disjoint.
qkv_status check_apart(const char* output_name, const qkv_tensor& output, const char* other_name,
                       const qkv_tensor& other);

// A view of plain memory.
inline qkv_tensor bytes_at(const void* data, int64_t bytes) {
  return {const_cast<void*>(data), QKV_BOOL, 1, {bytes}, {1}};
}

// A view of the caller's `count` integers, aligned; of nothing where there are none.
qkv_status view_of_integers(const char* name, const int64_t* integers, int64_t count, qkv_tensor& view);

// True for the same elements in the same order: computing in place is then safe.
bool same_view(const qkv_tensor& a, const qkv_tensor& b);

}  // namespace qkv
