// SPDX-License-Identifier: Apache-2.0
#include "model/gguf_header.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <stdexcept>
#include <utility>

#include "model/checked_size.hpp"
#include "model/gguf_cursor.hpp"
#include "model/gguf_values.hpp"
#include "text/quote.hpp"
#include "text/utf8.hpp"

namespace qkv::tools {
namespace {

constexpr std::uint32_t magic = 0x46554747;  // "GGUF"
constexpr std::uint32_t max_dimensions = 4;
constexpr std::int64_t default_alignment = 32, least_alignment = 8;
// A length and a type; with an empty name.
constexpr std::uint64_t least_value_bytes = 8 + 4 + 1, least_tensor_bytes = 8 + 4 + 8 + 4 + 8;

std::string read_name(GgufCursor& cursor) {
  std::string name = cursor.text();
  if (invalid_utf8(name)) throw std::runtime_error(fmt::format("the name {} is not UTF-8", quote(name)));
  return name;
}

GgufTensor read_tensor(GgufCursor& cursor) {
  const auto dimensions = cursor.number<std::uint32_t>();
  if (dimensions < 1 || dimensions > max_dimensions)
    throw std::runtime_error(fmt::format("{} dimensions, not 1 to {}", dimensions, max_dimensions));
  GgufTensor tensor{};
  std::uint64_t elements = 1;
  for (std::uint32_t i = 0; i < dimensions; ++i) {
    tensor.shape.push_back(cursor.extent());
    elements = checked_multiply(elements, static_cast<std::uint64_t>(tensor.shape.back()));
  }
  const auto columns = static_cast<std::uint64_t>(tensor.shape.front());
  std::ranges::reverse(tensor.shape);
  const auto number = cursor.number<std::uint32_t>();
  const TensorTypeFacts* facts = find_tensor_type(number);
  if (facts == nullptr)
    throw std::runtime_error(fmt::format("type {} is not supported; supported are {}", number, tensor_type_names()));
  if (columns % facts->block_elements != 0)
    throw std::runtime_error(
        fmt::format("{} columns are no multiple of {}, a block of {}", columns, facts->block_elements, facts->name));
  tensor.type = facts->type;
  tensor.bytes = checked_multiply(elements / facts->block_elements, facts->block_bytes);
  tensor.begin = cursor.number<std::uint64_t>();
  return tensor;
}

// Names what is being read in whatever is wrong with it.
template <typename Read>
auto read_named(const char* what, const std::string& name, const Read& read) {
  try {
    return read();
  } catch (const std::runtime_error& reason) {
    throw std::runtime_error(fmt::format("{} {}: {}", what, quote(name), reason.what()));
  }
}

void read_metadata(GgufCursor& cursor, std::uint64_t count, GgufMetadata& metadata) {
  for (; count > 0; --count) {
    std::string key = read_name(cursor);
    GgufValue value = read_named("value", key, [&] { return read_gguf_value(cursor); });
    if (!metadata.insert(key, std::move(value))) throw std::runtime_error(fmt::format("{} twice", quote(key)));
  }
}

void read_tensors(GgufCursor& cursor, std::uint64_t count, Gguf::Tensors& tensors) {
  for (; count > 0; --count) {
    const std::string name = read_name(cursor);
    GgufTensor tensor = read_named("tensor", name, [&] { return read_tensor(cursor); });
    if (!tensors.emplace(name, std::move(tensor)).second)
      throw std::runtime_error(fmt::format("tensor {} twice", quote(name)));
  }
}

std::uint64_t read_alignment(const GgufMetadata& metadata) {
  const auto* stated = metadata.find<std::int64_t>("general.alignment");
  const std::int64_t alignment = stated == nullptr ? default_alignment : *stated;
  if (alignment < least_alignment || !std::has_single_bit(static_cast<std::uint64_t>(alignment)))
    throw std::runtime_error(
        fmt::format("general.alignment {} is no power of two from {} on", alignment, least_alignment));
  return static_cast<std::uint64_t>(alignment);
}

void check_layout(const Gguf::Tensors& tensors, std::uint64_t alignment, std::uint64_t data_bytes) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
  for (const auto& [name, tensor] : tensors) {
    read_named("tensor", name, [&, &range = tensor] {
      if (range.begin % alignment != 0)
        throw std::runtime_error(fmt::format("begins at {}, no multiple of {}", range.begin, alignment));
      if (checked_add(range.begin, range.bytes) > data_bytes)
        throw std::runtime_error(
            fmt::format("{} bytes from byte {} on exceed {} bytes of data", range.bytes, range.begin, data_bytes));
    });
    if (tensor.bytes > 0) ranges.emplace_back(tensor.begin, tensor.begin + tensor.bytes);
  }
  std::ranges::sort(ranges);
  for (std::size_t i = 1; i < ranges.size(); ++i)
    if (ranges[i].first < ranges[i - 1].second)
      throw std::runtime_error(fmt::format("tensors overlap at byte {} of the data", ranges[i].first));
}

}  // namespace

GgufHeader read_gguf_header(std::istream& stream, std::uint64_t stream_bytes) {
  GgufCursor cursor(stream, std::min(stream_bytes, max_gguf_header_bytes));
  if (cursor.bytes_left() < sizeof magic || cursor.number<std::uint32_t>() != magic)
    throw std::runtime_error("not a GGUF file: it does not begin with GGUF");
  const auto version = cursor.number<std::uint32_t>();
  if (version != 2 && version != 3)
    throw std::runtime_error(fmt::format("GGUF version {} is not supported; supported are 2 and 3", version));
  GgufHeader header{};
  const std::uint64_t tensor_count = cursor.count(least_tensor_bytes), value_count = cursor.count(least_value_bytes);
  read_metadata(cursor, value_count, header.metadata);
  read_tensors(cursor, tensor_count, header.tensors);
  const std::uint64_t alignment = read_alignment(header.metadata);
  const std::uint64_t rest = cursor.position() % alignment;
  header.data_begin = rest == 0 ? cursor.position() : checked_add(cursor.position() - rest, alignment);
  const std::uint64_t data_bytes = stream_bytes - std::min(header.data_begin, stream_bytes);
  check_layout(header.tensors, alignment, data_bytes);
  return header;
}

}  // namespace qkv::tools
