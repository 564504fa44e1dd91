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
  const auto value = static_cast<double>(scale);
  if (scale_is_set == 0 && scale != 0) {
    return fail(QKV_INVALID_ARGUMENT, "scale = %g: not used, for scale_is_set = 0; set it to 1", value);
  }
  return std::isfinite(scale) ? QKV_OK : fail(QKV_INVALID_ARGUMENT, "scale = %g: must be finite", value);
}

qkv_status fail_planned(const char* argument, int64_t value, int64_t planned) {
  return fail(QKV_INVALID_ARGUMENT, "%s = %lld: the plan was made with %lld", argument, static_cast<long long>(value),
              static_cast<long long>(planned));
}

}  // namespace qkv
