// SPDX-License-Identifier: Apache-2.0
#include "api/options.hpp"

#include <cmath>

#include "api/error.hpp"

namespace qkv {

qkv_status check_kind(const char* argument, int32_t kind, int32_t last, const char* type) {
  if (kind >= 0 && kind <= last) return QKV_OK;
  return fail(QKV_INVALID_ARGUMENT, "%s = %d: not a %s", argument, kind, type);
}

qkv_status check_scale(int32_t scale_is_set, float scale) {
  if (scale_is_set == 0 || std::isfinite(scale)) return QKV_OK;
  return fail(QKV_INVALID_ARGUMENT, "scale = %g: must be finite", static_cast<double>(scale));
}

}  // namespace qkv
