// SPDX-License-Identifier: Apache-2.0
// Failing with a message: fail(QKV_INVALID_ARGUMENT, "key.shape[1] = %lld: ...", ...) returns its status.
#pragma once

#include "qkv/types.h"

namespace qkv {

qkv_status fail(qkv_status status, const char* format, ...) __attribute__((cold, format(printf, 2, 3)));

}  // namespace qkv
