// SPDX-License-Identifier: Apache-2.0
// Checks of options that several operations have.
#pragma once

#include "qkv/types.h"

namespace qkv {

// An enumeration of the public interface that runs from 0 to `last`.
qkv_status check_kind(const char* argument, int32_t kind, int32_t last, const char* type);

// A scale without its flag would silently not be used.
qkv_status check_scale(int32_t scale_is_set, float scale);

// For a run, that an option is the one that its plan was made with.
qkv_status fail_planned(const char* argument, int64_t value, int64_t planned);
inline qkv_status check_planned(const char* argument, int64_t value, int64_t planned) {
  return value == planned ? QKV_OK : fail_planned(argument, value, planned);
}

}  // namespace qkv
