// SPDX-License-Identifier: Apache-2.0
// Makes GGUF files, well-formed and not: values and tensors one after another, then bytes().
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/gguf.hpp"

namespace qkv_test {

// As the format writes them.
std::string little_endian(std::uint64_t number, int bytes);
std::string gguf_text(std::string_view text);

// The numbers of the types of values.
namespace gguf_value_type {
inline constexpr std::uint32_t u8 = 0, i8 = 1, u16 = 2, i16 = 3, u32 = 4, i32 = 5, f32 = 6, boolean = 7, text = 8,
                               array = 9, u64 = 10, i64 = 11, f64 = 12;
}

class GgufWriter {
 public:
  std::uint32_t version = 3;
  std::uint64_t alignment = 32;  // what the data obeys; the value general.alignment is the caller's

  GgufWriter& value(std::string_view key, std::uint32_t number);
  GgufWriter& value(std::string_view key, float number);
  GgufWriter& value(std::string_view key, bool truth);
  GgufWriter& value(std::string_view key, std::string_view text);
  GgufWriter& value(std::string_view key, const char* text) { return value(key, std::string_view(text)); }
  GgufWriter& value(std::string_view key, const std::vector<std::string>& texts);
  GgufWriter& value(std::string_view key, const std::vector<std::int32_t>& numbers);
  GgufWriter& value(std::string_view key, const std::vector<float>& numbers);
  // Any number as the type, any bytes as what follows it.
  GgufWriter& raw_value(std::string_view key, std::uint32_t type, std::string_view bytes);

  // The shape has rows before columns. The bytes are put where the alignment allows it next.
  GgufWriter& tensor(std::string_view name, qkv::tools::TensorType type, const std::vector<std::int64_t>& shape,
                     std::string_view bytes);
  GgufWriter& tensor(std::string_view name, const std::vector<std::int64_t>& shape, std::span<const float> values);
  // An entry of the table with any type and offset; the extents are in the file's order, columns first.
  GgufWriter& raw_tensor(std::string_view name, const std::vector<std::uint64_t>& extents, std::uint32_t type,
                         std::uint64_t offset);
  GgufWriter& data(std::string_view bytes);

  std::string bytes() const { return bytes(tensor_count_, value_count_); }
  // With counts that need not be true.
  std::string bytes(std::uint64_t tensor_count, std::uint64_t value_count) const;

 private:
  std::uint64_t value_count_ = 0, tensor_count_ = 0;
  std::string values_, tensors_, data_;
};

// Reads it under the name "test".
qkv::tools::Gguf open_gguf(const std::string& bytes);

}  // namespace qkv_test
