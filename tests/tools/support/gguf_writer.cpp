// SPDX-License-Identifier: Apache-2.0
#include "tools/support/gguf_writer.hpp"

#include <bit>
#include <memory>
#include <sstream>

namespace qkv_test {
namespace {

std::string array_of(std::uint32_t type, std::uint64_t count) {
  return little_endian(type, 4) + little_endian(count, 8);
}

std::string float_bits(float number) {
  return little_endian(std::bit_cast<std::uint32_t>(number), 4);
}

void pad(std::string& bytes, std::uint64_t alignment) {
  while (bytes.size() % alignment != 0) bytes += '\0';
}

}  // namespace

std::string little_endian(std::uint64_t number, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(number >> 8 * i & 0xFF);
  return out;
}

std::string gguf_text(std::string_view text) {
  return little_endian(text.size(), 8).append(text);
}

GgufWriter& GgufWriter::raw_value(std::string_view key, std::uint32_t type, std::string_view bytes) {
  values_.append(gguf_text(key)).append(little_endian(type, 4)).append(bytes);
  ++value_count_;
  return *this;
}

GgufWriter& GgufWriter::value(std::string_view key, std::uint32_t number) {
  return raw_value(key, gguf_value_type::u32, little_endian(number, 4));
}

GgufWriter& GgufWriter::value(std::string_view key, float number) {
  return raw_value(key, gguf_value_type::f32, float_bits(number));
}

GgufWriter& GgufWriter::value(std::string_view key, bool truth) {
  return raw_value(key, gguf_value_type::boolean, little_endian(truth ? 1 : 0, 1));
}

GgufWriter& GgufWriter::value(std::string_view key, std::string_view text) {
  return raw_value(key, gguf_value_type::text, gguf_text(text));
}

GgufWriter& GgufWriter::value(std::string_view key, const std::vector<std::string>& texts) {
  std::string bytes = array_of(gguf_value_type::text, texts.size());
  for (const std::string& text : texts) bytes += gguf_text(text);
  return raw_value(key, gguf_value_type::array, bytes);
}

GgufWriter& GgufWriter::value(std::string_view key, const std::vector<std::int32_t>& numbers) {
  std::string bytes = array_of(gguf_value_type::i32, numbers.size());
  for (const std::int32_t number : numbers) bytes += little_endian(static_cast<std::uint32_t>(number), 4);
  return raw_value(key, gguf_value_type::array, bytes);
}

GgufWriter& GgufWriter::value(std::string_view key, const std::vector<float>& numbers) {
  std::string bytes = array_of(gguf_value_type::f32, numbers.size());
  for (const float number : numbers) bytes += float_bits(number);
  return raw_value(key, gguf_value_type::array, bytes);
}

GgufWriter& GgufWriter::raw_tensor(std::string_view name, const std::vector<std::uint64_t>& extents, std::uint32_t type,
                                   std::uint64_t offset) {
  tensors_ += gguf_text(name) + little_endian(extents.size(), 4);
  for (const std::uint64_t extent : extents) tensors_ += little_endian(extent, 8);
  tensors_ += little_endian(type, 4) + little_endian(offset, 8);
  ++tensor_count_;
  return *this;
}

GgufWriter& GgufWriter::data(std::string_view bytes) {
  data_ += bytes;
  return *this;
}

GgufWriter& GgufWriter::tensor(std::string_view name, qkv::tools::TensorType type,
                               const std::vector<std::int64_t>& shape, std::string_view bytes) {
  pad(data_, alignment);
  raw_tensor(name, {shape.rbegin(), shape.rend()}, static_cast<std::uint32_t>(type), data_.size());
  return data(bytes);
}

GgufWriter& GgufWriter::tensor(std::string_view name, const std::vector<std::int64_t>& shape,
                               std::span<const float> values) {
  std::string bytes;
  for (const float number : values) bytes += float_bits(number);
  return tensor(name, qkv::tools::TensorType::f32, shape, bytes);
}

std::string GgufWriter::bytes(std::uint64_t tensor_count, std::uint64_t value_count) const {
  std::string out = "GGUF" + little_endian(version, 4) + little_endian(tensor_count, 8) +
                    little_endian(value_count, 8) + values_ + tensors_;
  pad(out, alignment);
  return out + data_;
}

qkv::tools::Gguf open_gguf(const std::string& bytes) {
  return {"test", std::make_unique<std::istringstream>(bytes)};
}

}  // namespace qkv_test
