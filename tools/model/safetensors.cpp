// SPDX-License-Identifier: Apache-2.0
#include "model/safetensors.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "model/checked_size.hpp"
#include "text/parse_json.hpp"
#include "text/quote.hpp"

namespace qkv::tools {
namespace {

constexpr int max_header_depth = 3;  // tensors, their fields, and the lists in those
constexpr std::uint64_t length_bytes = 8;

std::uint64_t element_bytes(std::string_view dtype) {
  static constexpr std::array<std::pair<std::string_view, std::uint64_t>, 14> sizes = {{{"BOOL", 1},
                                                                                        {"U8", 1},
                                                                                        {"I8", 1},
                                                                                        {"F8_E5M2", 1},
                                                                                        {"F8_E4M3", 1},
                                                                                        {"I16", 2},
                                                                                        {"U16", 2},
                                                                                        {"F16", 2},
                                                                                        {"BF16", 2},
                                                                                        {"I32", 4},
                                                                                        {"U32", 4},
                                                                                        {"F32", 4},
                                                                                        {"I64", 8},
                                                                                        {"F64", 8}}};
  const auto found = std::ranges::find(sizes, dtype, &std::pair<std::string_view, std::uint64_t>::first);
  if (found == sizes.end()) throw std::runtime_error("unknown dtype " + quote(dtype));
  return found->second;
}

std::uint64_t size_from(const nlohmann::json& number) {
  if (!number.is_number_unsigned()) throw std::runtime_error("a size is not a whole number >= 0");
  const auto size = number.get<std::uint64_t>();
  if (size > std::uint64_t{std::numeric_limits<std::int64_t>::max()})
    throw std::runtime_error(fmt::format("size {} is too large", size));
  return size;
}

const nlohmann::json& field(const nlohmann::json& object, const char* name, nlohmann::json::value_t type) {
  const auto found = object.find(name);
  if (found == object.end() || found->type() != type) throw std::runtime_error(fmt::format("no valid {}", name));
  return *found;
}

Safetensors::Tensor tensor_from(const nlohmann::json& object, std::uint64_t data_bytes) {
  using Type = nlohmann::json::value_t;
  if (!object.is_object()) throw std::runtime_error("not a JSON object");
  Safetensors::Tensor tensor{field(object, "dtype", Type::string).get<std::string>(), {}, 0, 0};
  std::uint64_t bytes = element_bytes(tensor.dtype);
  for (const auto& extent : field(object, "shape", Type::array)) {
    tensor.shape.push_back(static_cast<std::int64_t>(size_from(extent)));
    bytes = checked_multiply(bytes, size_from(extent));
  }
  const auto& offsets = field(object, "data_offsets", Type::array);
  if (offsets.size() != 2) throw std::runtime_error("data_offsets has not two numbers");
  tensor.begin = size_from(offsets[0]);
  tensor.end = size_from(offsets[1]);
  if (tensor.end > data_bytes)
    throw std::runtime_error(fmt::format("ends at byte {} of {} bytes of data", tensor.end, data_bytes));
  if (checked_add(tensor.begin, bytes) != tensor.end)
    throw std::runtime_error(
        fmt::format("shape takes {} bytes, data_offsets are [{}, {}]", bytes, tensor.begin, tensor.end));
  return tensor;
}

}  // namespace

Safetensors Safetensors::from_file(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) throw std::runtime_error(quote(path.string()) + ": no such file");
  auto stream = std::make_unique<std::ifstream>(path, std::ios::binary);
  if (!*stream) throw std::runtime_error(quote(path.string()) + ": cannot be read");
  return {path.string(), std::move(stream)};
}

Safetensors::Safetensors(std::string name, std::unique_ptr<std::istream> stream)
    : name_(std::move(name)), stream_(std::move(stream)) {
  stream_->seekg(0, std::ios::end);
  stream_bytes_ = static_cast<std::uint64_t>(std::max<std::streamoff>(stream_->tellg(), 0));
  try {
    read_header();
    check_coverage();
  } catch (const std::runtime_error& reason) {
    fail(reason.what());
  }
}

void Safetensors::fail(const std::string& what) const {
  throw std::runtime_error(fmt::format("{}: {}", quote(name_), what));
}

void Safetensors::read_header() {
  if (stream_bytes_ < length_bytes) throw std::runtime_error("not a safetensors file: shorter than 8 bytes");
  std::array<unsigned char, length_bytes> length{};
  read_bytes(0, length.data(), length.size());
  std::uint64_t header_bytes = 0;
  for (std::size_t i = length.size(); i-- > 0;) header_bytes = header_bytes << 8 | length[i];
  if (header_bytes > max_header_bytes)
    throw std::runtime_error(fmt::format("header of {} bytes, more than {}", header_bytes, max_header_bytes));
  data_begin_ = checked_add(length_bytes, header_bytes);
  if (data_begin_ > stream_bytes_)
    throw std::runtime_error(fmt::format("header of {} bytes exceeds the file", header_bytes));

  std::string text(header_bytes, '\0');
  read_bytes(length_bytes, text.data(), header_bytes);
  const nlohmann::json header = parse_json(text, max_header_depth);
  if (!header.is_object()) throw std::runtime_error("the header is not a JSON object");
  for (const auto& [name, object] : header.items()) {
    if (name == "__metadata__") continue;
    try {
      tensors_.emplace(name, tensor_from(object, stream_bytes_ - data_begin_));
    } catch (const std::runtime_error& reason) {
      throw std::runtime_error(fmt::format("tensor {}: {}", quote(name), reason.what()));
    }
  }
}

void Safetensors::check_coverage() const {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
  for (const auto& [name, tensor] : tensors_) ranges.emplace_back(tensor.begin, tensor.end);
  std::ranges::sort(ranges);
  std::uint64_t covered = 0;
  for (const auto& [begin, end] : ranges) {
    if (begin != covered)
      throw std::runtime_error(fmt::format("tensors overlap or leave a hole at byte {} of the data", covered));
    covered = end;
  }
  if (covered != stream_bytes_ - data_begin_)
    throw std::runtime_error(fmt::format("no tensor holds the data from byte {} on", covered));
}

void Safetensors::read_bytes(std::uint64_t begin, void* destination, std::uint64_t bytes) const {
  stream_->clear();
  stream_->seekg(static_cast<std::streamoff>(begin));
  stream_->read(static_cast<char*>(destination), static_cast<std::streamsize>(bytes));
  if (!*stream_) throw std::runtime_error(fmt::format("{} bytes at byte {} cannot be read", bytes, begin));
}

std::vector<float> Safetensors::read_f32(const std::string& name, std::span<const std::int64_t> shape) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) fail(fmt::format("no tensor {}", quote(name)));
  const Tensor& tensor = found->second;
  if (tensor.dtype != "F32") fail(fmt::format("tensor {} is {}, needed is F32", quote(name), tensor.dtype));
  if (!std::ranges::equal(tensor.shape, shape))
    fail(fmt::format("tensor {} has shape {}, needed is {}", quote(name), tensor.shape, shape));
  std::vector<float> elements((tensor.end - tensor.begin) / sizeof(float));
  try {
    read_bytes(checked_add(data_begin_, tensor.begin), elements.data(), tensor.end - tensor.begin);
  } catch (const std::runtime_error& reason) {
    fail(reason.what());
  }
  return elements;
}

}  // namespace qkv::tools
