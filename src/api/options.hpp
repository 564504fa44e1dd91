// SPDX-License-Identifier: Apache-2.0
// Checks of options that several operations have.
#pragma once

#include "qkv/types.h"

namespace qkv {

// An enumeration of the public interface that runs from 0 to `last`.
qkv_status check_kind(const char* argument, int32_t kind, int32_t last, const char* type);

qkv_status check_scale(int32_t scale_is_set, float scale);

}  // namespace qkv
