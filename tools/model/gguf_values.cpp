// SPDX-License-Identifier: Apache-2.0
#include "model/gguf_values.hpp"

#include <fmt/format.h>

#include <concepts>
#include <limits>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

namespace qkv::tools {
namespace {

enum class ValueType : std::uint32_t { u8, i8, u16, i16, u32, i32, f32, boolean, text, array, u64, i64, f64 };

// The kind that holds each number of a file.
template <typename Number>
using Held = std::conditional_t<std::floating_point<Number>, double, std::int64_t>;

template <typename Number>
Held<Number> held(Number number) {
  if constexpr (std::same_as<Number, std::uint64_t>)
    if (number > std::uint64_t{std::numeric_limits<std::int64_t>::max()})
      throw std::runtime_error(fmt::format("{} is too large", number));
  return static_cast<Held<Number>>(number);
}

bool read_truth(GgufCursor& cursor) {
  const auto byte = cursor.number<std::uint8_t>();
  if (byte > 1) throw std::runtime_error(fmt::format("{} is neither true nor false", byte));
  return byte == 1;
}

GgufValue read_u64(GgufCursor& cursor) {
  const auto number = cursor.number<std::uint64_t>();
  if (number > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) return number;
  return static_cast<std::int64_t>(number);
}

template <typename Element, typename Read>
std::vector<Element> read_elements(GgufCursor& cursor, std::uint64_t least_bytes_each, const Read& read) {
  std::vector<Element> elements(cursor.count(least_bytes_each));
  for (std::size_t i = 0; i < elements.size(); ++i) elements[i] = read();
  return elements;
}

template <typename Number>
GgufValue read_number(GgufCursor& cursor, bool as_list) {
  const auto read = [&cursor] { return held(cursor.number<Number>()); };
  if (as_list) return read_elements<Held<Number>>(cursor, sizeof(Number), read);
  return read();
}

[[noreturn]] void unknown_value_type(ValueType type) {
  throw std::runtime_error(fmt::format("there is no type {} of values", static_cast<std::uint32_t>(type)));
}

GgufValue read_any_number(GgufCursor& cursor, ValueType type, bool as_list) {
  switch (type) {
    case ValueType::u8:
      return read_number<std::uint8_t>(cursor, as_list);
    case ValueType::i8:
      return read_number<std::int8_t>(cursor, as_list);
    case ValueType::u16:
      return read_number<std::uint16_t>(cursor, as_list);
    case ValueType::i16:
      return read_number<std::int16_t>(cursor, as_list);
    case ValueType::u32:
      return read_number<std::uint32_t>(cursor, as_list);
    case ValueType::i32:
      return read_number<std::int32_t>(cursor, as_list);
    case ValueType::u64:
      return read_number<std::uint64_t>(cursor, as_list);
    case ValueType::i64:
      return read_number<std::int64_t>(cursor, as_list);
    case ValueType::f32:
      return read_number<float>(cursor, as_list);
    case ValueType::f64:
      return read_number<double>(cursor, as_list);
    default:
      unknown_value_type(type);
  }
}

GgufValue read_list(GgufCursor& cursor) {
  const ValueType type{cursor.number<std::uint32_t>()};
  if (type == ValueType::array) throw std::runtime_error("lists of lists are not supported");
  if (type == ValueType::boolean) return read_elements<bool>(cursor, 1, [&] { return read_truth(cursor); });
  if (type == ValueType::text) return read_elements<std::string>(cursor, 8, [&] { return cursor.text(); });
  return read_any_number(cursor, type, true);
}

}  // namespace

GgufValue read_gguf_value(GgufCursor& cursor) {
  const ValueType type{cursor.number<std::uint32_t>()};
  if (type == ValueType::boolean) return read_truth(cursor);
  if (type == ValueType::text) return cursor.text();
  if (type == ValueType::array) return read_list(cursor);
  if (type == ValueType::u64) return read_u64(cursor);
  return read_any_number(cursor, type, false);
}

}  // namespace qkv::tools
