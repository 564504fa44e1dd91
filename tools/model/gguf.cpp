// SPDX-License-Identifier: Apache-2.0
#include "model/gguf.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cassert>
#include <fstream>
#include <stdexcept>
#include <utility>

#include "model/dequantize.hpp"
#include "model/gguf_header.hpp"
#include "text/quote.hpp"

namespace qkv::tools {

Gguf Gguf::from_file(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) throw std::runtime_error(quote(path.string()) + ": no such file");
  auto stream = std::make_unique<std::ifstream>(path, std::ios::binary);
  if (!*stream) throw std::runtime_error(quote(path.string()) + ": cannot be read");
  return {path.string(), std::move(stream)};
}

Gguf::Gguf(std::string name, std::unique_ptr<std::istream> stream)
    : name_(std::move(name)), stream_(std::move(stream)) {
  stream_->seekg(0, std::ios::end);
  stream_bytes_ = static_cast<std::uint64_t>(std::max<std::streamoff>(stream_->tellg(), 0));
  stream_->seekg(0);
  try {
    GgufHeader header = read_gguf_header(*stream_, stream_bytes_);
    metadata_ = std::move(header.metadata);
    tensors_ = std::move(header.tensors);
    data_begin_ = header.data_begin;
  } catch (const std::runtime_error& reason) {
    fail(reason.what());
  }
}

void Gguf::fail(std::string_view what) const {
  throw std::runtime_error(fmt::format("{}: {}", quote(name_), what));
}

const GgufTensor& Gguf::tensor(std::string_view name, std::span<const std::int64_t> shape) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) fail(fmt::format("no tensor {}", quote(name)));
  if (!std::ranges::equal(found->second.shape, shape))
    fail(fmt::format("tensor {} has shape {}, needed is {}", quote(name), found->second.shape, shape));
  return found->second;
}

void Gguf::read(const GgufTensor& tensor, std::span<std::byte> destination) const {
  assert(destination.size() == tensor.bytes);
  stream_->clear();
  stream_->seekg(static_cast<std::streamoff>(data_begin_ + tensor.begin));
  stream_->read(reinterpret_cast<char*>(destination.data()), static_cast<std::streamsize>(destination.size()));
  if (!*stream_) fail(fmt::format("{} bytes at byte {} cannot be read", tensor.bytes, data_begin_ + tensor.begin));
}

std::vector<float> Gguf::read_f32(const GgufTensor& tensor) const {
  std::vector<std::byte> blocks(tensor.bytes);
  read(tensor, blocks);
  const TensorTypeFacts& facts = tensor_type_facts(tensor.type);
  std::vector<float> values(tensor.bytes / facts.block_bytes * facts.block_elements);
  dequantize(tensor.type, blocks, values);
  return values;
}

}  // namespace qkv::tools
