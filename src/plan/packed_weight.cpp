// SPDX-License-Identifier: Apache-2.0
#include "plan/packed_weight.hpp"

#include <algorithm>

#include "plan/block_formats.hpp"

namespace qkv {
namespace {

constexpr uint64_t packed_magic = 0x3277766b71ULL;

uint64_t checksum_of(const PackedHeader& header) {
  const uint64_t fields[] = {header.magic,
                             static_cast<uint64_t>(header.tier),
                             static_cast<uint64_t>(header.panel_columns),
                             static_cast<uint64_t>(header.format),
                             static_cast<uint64_t>(header.unused),
                             static_cast<uint64_t>(header.columns),
                             static_cast<uint64_t>(header.depth)};
  uint64_t sum = 0;
  for (const uint64_t field : fields) sum = (sum ^ field) * 0x9e3779b97f4a7c15ULL;
  return sum;
}

int32_t columns_of_panels(int32_t tier, int32_t format) {
  const KernelSet kernels = kernels_of_tier(tier);
  return format == 0 ? kernels.matmul.kernels->panel_columns : kernels.quantized.kernels->panel_columns;
}

// Bytes that a column takes per group of k, or per element of f32.
int64_t column_bytes(int32_t format) {
  if (format == 0) return sizeof(float);
  const QuantLayout& layout = quant_layout(format);
  return layout.group * layout.bits / 8 + layout.scale_bytes * (layout.minimum ? 2 : 1);
}

int64_t group_size(int32_t format) {
  return format == 0 ? 1 : quant_layout(format).group;
}

// Where column `column` of a panel keeps its share of a group.
struct PackedColumn {
  unsigned char* group;
  int64_t column, panel_columns;
};

void store_quants(const QuantLayout& layout, const uint8_t* quant, const PackedColumn& to) {
  const int64_t step = layout.bits == 4 ? 8 : 4;
  for (int64_t k = 0; k < layout.group; k += step) {
    unsigned char* bytes = to.group + (k / step * to.panel_columns + to.column) * 4;
    for (int64_t i = 0; i < 4; i++) {
      const int upper = layout.bits == 4 ? quant[k + 4 + i] << 4 : 0;
      bytes[i] = static_cast<unsigned char>(quant[k + i] | upper);
    }
  }
}

void store_scales(const QuantLayout& layout, const uint32_t (&bits)[2], const PackedColumn& to) {
  const auto size = static_cast<size_t>(layout.scale_bytes);
  unsigned char* scales = to.group + layout.group * layout.bits / 8 * to.panel_columns;
  for (int64_t i = 0; i < (layout.minimum ? 2 : 1); i++) {
    std::memcpy(scales + (i * to.panel_columns + to.column) * layout.scale_bytes, &bits[i], size);  // little-endian
  }
}

void pack_column(const PackedHeader& header, const unsigned char* blocks, PackedColumn to) {
  const BlockFormat& format = block_format(header.format);
  const QuantLayout& layout = quant_layout(header.format);
  OpenBlock block{};
  for (int64_t k = 0; k < header.depth; k += format.elements, blocks += format.bytes) {
    format.open(blocks, block);
    for (int64_t group = 0; group < format.elements / layout.group; group++) {
      store_quants(layout, block.quant + group * layout.group, to);
      store_scales(layout, {block.scale[group], block.minimum[group]}, to);
      to.group += column_bytes(header.format) * to.panel_columns;
    }
  }
}

}  // namespace

PackedHeader make_packed_header(int32_t tier, int32_t format, int64_t columns, int64_t depth) {
  PackedHeader header{packed_magic, tier, columns_of_panels(tier, format), format, 0, columns, depth, 0};
  header.checksum = checksum_of(header);
  return header;
}

bool valid_packed_header(const PackedHeader& header) {
  return header.magic == packed_magic && header.checksum == checksum_of(header) && header.tier >= 0 &&
         header.tier < tier_count() && *tier_missing(header.tier) == '\0' &&
         (header.format == 0 || is_block_format(header.format)) &&
         header.panel_columns == columns_of_panels(header.tier, header.format) && header.columns >= 0 &&
         header.depth >= 0 && (header.format == 0 || header.depth % block_format(header.format).elements == 0);
}

const char* format_name(const PackedHeader& header) {
  return header.format == 0 ? "f32" : block_format(header.format).name;
}

int64_t panel_count(const PackedHeader& header) {
  return divide_up(header.columns, header.panel_columns);
}

bool panel_bytes(const PackedHeader& header, int64_t& bytes) {
  const int64_t groups = header.depth / group_size(header.format);
  return !__builtin_mul_overflow(groups, header.panel_columns * column_bytes(header.format), &bytes);
}

bool packed_bytes(const PackedHeader& header, int64_t& bytes) {
  if (header.columns == 0) return bytes = cache_line, true;
  return panel_bytes(header, bytes) && !__builtin_mul_overflow(bytes, panel_count(header), &bytes) &&
         !__builtin_add_overflow(bytes, cache_line, &bytes);
}

void pack_weight(const PackedHeader& header, const qkv_tensor& weight, void* packed) {
  std::memset(packed, 0, cache_line);  // equal weights, equal bytes
  std::memcpy(packed, &header, sizeof header);
  auto* panels = reinterpret_cast<float*>(static_cast<char*>(packed) + cache_line);
  for (int64_t panel = 0; panel < panel_count(header); panel++) {
    kernels_of_tier(header.tier).matmul.kernels->pack({&weight, panel, panels});
    panels += header.depth * header.panel_columns;
  }
}

// Columns past the last are zeros.
void pack_blocks(const PackedHeader& header, const qkv_block_matrix& weight, void* packed) {
  int64_t size = 0, all = 0;
  panel_bytes(header, size);
  packed_bytes(header, all);
  std::memset(packed, 0, static_cast<size_t>(all));
  std::memcpy(packed, &header, sizeof header);
  auto* panels = static_cast<unsigned char*>(packed) + cache_line;
  const auto* rows = static_cast<const unsigned char*>(weight.data);
  for (int64_t row = 0; row < weight.rows; row++) {
    const int64_t panel = row / header.panel_columns, column = row % header.panel_columns;
    pack_column(header, rows + row * weight.row_bytes, {panels + panel * size, column, header.panel_columns});
  }
}

}  // namespace qkv
