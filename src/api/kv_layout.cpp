// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "api/error.hpp"
#include "plan/plan.hpp"
#include "qkv/kv_cache.h"

namespace qkv {
namespace {

constexpr int64_t small_tile = 16, large_tile = 64;

// Arithmetic on sizes of which any may overflow.
class Sizes {
 public:
  bool valid() const { return valid_; }
  int64_t product(int64_t a, int64_t b) {
    int64_t result = 0;
    valid_ = valid_ && !__builtin_mul_overflow(a, b, &result);
    return result;
  }
  int64_t sum(int64_t a, int64_t b) {
    int64_t result = 0;
    valid_ = valid_ && !__builtin_add_overflow(a, b, &result);
    return result;
  }
  int64_t rounded_up(int64_t value, int64_t multiple) { return sum(value, multiple - 1) / multiple * multiple; }

 private:
  bool valid_ = true;
};

int64_t element_bytes(int32_t dtype) {
  return dtype == QKV_F32 ? 4 : dtype == QKV_I8 ? 1 : 2;
}

// K or V of a tile: `row` elements of each token, and a scale where the dtype has them.
int64_t part_bytes(Sizes& sizes, int32_t dtype, int64_t row, int64_t tokens) {
  const int64_t scales = dtype == QKV_I8 ? tokens * int64_t{sizeof(float)} : 0;
  const int64_t elements = sizes.product(sizes.product(row, tokens), element_bytes(dtype));
  return sizes.rounded_up(sizes.sum(elements, scales), cache_line);
}

bool derive(qkv_kv_layout& layout) {
  Sizes sizes;
  const int64_t tokens = layout.page_size % large_tile == 0 ? large_tile : small_tile;
  layout.order = QKV_KV_TOKENS_IN_LANES;
  layout.tile_tokens = static_cast<int32_t>(tokens);
  layout.value_row = sizes.rounded_up(layout.value_dim, small_tile);
  layout.value_offset = part_bytes(sizes, layout.key_dtype, layout.key_dim, tokens);
  layout.tile_bytes = sizes.sum(layout.value_offset, part_bytes(sizes, layout.value_dtype, layout.value_row, tokens));
  layout.head_bytes = sizes.product(layout.tile_bytes, layout.page_size / tokens);
  layout.page_bytes = sizes.product(layout.head_bytes, layout.key_heads);
  return sizes.valid();
}

qkv_status check_dtype(const char* name, int32_t dtype) {
  if (dtype == QKV_F32 || dtype == QKV_BF16 || dtype == QKV_F16 || dtype == QKV_I8) return QKV_OK;
  return fail(QKV_INVALID_ARGUMENT, "layout.%s = %d: must be QKV_F32, QKV_BF16, QKV_F16 or QKV_I8", name, dtype);
}

qkv_status check_choices(const qkv_kv_layout& layout) {
  if (const qkv_status status = check_dtype("key_dtype", layout.key_dtype); status != QKV_OK) return status;
  if (const qkv_status status = check_dtype("value_dtype", layout.value_dtype); status != QKV_OK) return status;
  const struct {
    const char* name;
    int64_t extent;
  } extents[] = {{"key_heads", layout.key_heads}, {"key_dim", layout.key_dim}, {"value_dim", layout.value_dim}};
  for (const auto& [name, extent] : extents) {
    if (extent >= 0) continue;
    return fail(QKV_INVALID_ARGUMENT, "layout.%s = %lld: must not be negative", name, static_cast<long long>(extent));
  }
  if (layout.page_size > 0 && layout.page_size % small_tile == 0) return QKV_OK;
  return fail(QKV_INVALID_ARGUMENT, "layout.page_size = %lld: must be a positive multiple of 16",
              static_cast<long long>(layout.page_size));
}

}  // namespace
}  // namespace qkv

qkv_status qkv_kv_layout_make(qkv_kv_layout* layout) {
  if (layout == nullptr) return qkv::fail(QKV_INVALID_ARGUMENT, "layout = NULL");
  if (const qkv_status status = qkv::check_choices(*layout); status != QKV_OK) return status;
  qkv_kv_layout made = *layout;
  if (!qkv::derive(made)) return qkv::fail(QKV_INVALID_ARGUMENT, "layout: a page of these extents overflows");
  *layout = made;
  return QKV_OK;
}
