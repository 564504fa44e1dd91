// SPDX-License-Identifier: Apache-2.0
// The caller's tuning, checked and completed with the library's own choices.
#pragma once

#include "plan/tuning.hpp"
#include "qkv/tuning.h"

namespace qkv {

// `given` may be null.
qkv_status read_tuning(const qkv_tuning* given, Tuning& tuning);

}  // namespace qkv
