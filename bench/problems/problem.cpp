// SPDX-License-Identifier: Apache-2.0
#include "problems/problem.hpp"

#include <fmt/format.h>

#include "problems/fields.hpp"
#include "problems/work.hpp"
#include "qkv/position.h"

namespace qkv::bench {
namespace {

constexpr std::array operations = {"attention", "matmul",   "softmax", "norm",      "activation",
                                   "embedding", "position", "rope",    "rope_table"};
static_assert(operations.size() == std::variant_size_v<Shape>);

// What a shape may ask for, so that a slip of the pen ends with a word and not with the machine.
constexpr double most_bytes = 64.0 * (1 << 30);

std::string text_of(const Field& field) {
  return field.choices.empty() ? std::to_string(field.value) : field.choices[static_cast<size_t>(field.value)];
}

template <class Sizes>
std::string own_fault(const Sizes&) {
  return "";
}

std::string own_fault(const Attention& shape) {
  if (shape.heads % shape.kv_heads != 0) {
    return fmt::format("kv_heads={} does not divide heads={}", shape.kv_heads, shape.heads);
  }
  if (shape.rising != 0 && shape.cache != 0) return fmt::format("rising={}: not with a cache", shape.rising);
  if (shape.page == 0 || (shape.cache != 0 && shape.page % 16 == 0)) return "";
  return fmt::format("page={}: must be a multiple of 16, of a cache", shape.page);
}

std::string own_fault(const Matmul& shape) {
  const int64_t block = weight_facts(shape.weights).elements;
  return shape.k % block == 0 ? "" : fmt::format("k={}: must be a multiple of {}, the block", shape.k, block);
}

std::string own_fault(const Position& shape) {
  const int64_t least = shape.kind == QKV_POSITION_SINUSOIDAL_HALVES ? 4 : 2;
  if (shape.kind == QKV_POSITION_LEARNED || (shape.columns % 2 == 0 && shape.columns >= least)) return "";
  return fmt::format("columns={}: must be even and at least {}", shape.columns, least);
}

std::string own_fault(const Rope& shape) {
  if (shape.rotary_dim % 2 == 0 && shape.rotary_dim <= shape.head_dim) return "";
  return fmt::format("rotary_dim={}: must be even and at most head_dim={}", shape.rotary_dim, shape.head_dim);
}

std::string own_fault(const RopeTable& shape) {
  return shape.columns % 2 == 0 ? "" : fmt::format("columns={}: must be even", shape.columns);
}

}  // namespace

const char* operation_of(const Shape& shape) {
  return operations[shape.index()];
}

std::string name_of(const Shape& shape) {
  std::string name = operation_of(shape);
  std::visit(
      [&name](auto sizes) {
        visit_fields(sizes, [&name](const Field& field) {
          if (field.otherwise != field.value) name += fmt::format(" {}={}", field.word, text_of(field));
        });
      },
      shape);
  return name;
}

std::string fault_of(const Shape& shape) {
  const std::string fault = std::visit([](const auto& sizes) { return own_fault(sizes); }, shape);
  if (!fault.empty()) return fault;
  const double bytes = work_of(shape).operand_bytes;
  if (bytes <= most_bytes) return "";
  return fmt::format("operands of {:.0f} GiB: at most {:.0f}", bytes / (1 << 30), most_bytes / (1 << 30));
}

}  // namespace qkv::bench
