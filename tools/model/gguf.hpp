// SPDX-License-Identifier: Apache-2.0
// Reader of GGUF files (github.com/ggml-org/ggml, docs/gguf.md), versions 2 and 3: the counts of tensors and metadata,
// the metadata, a table of the tensors, then their data, each tensor at a multiple of the alignment.
//
// The file is not trusted. Every size is checked against the length of the file before anything is allocated for it,
// and whatever is wrong ends in a std::runtime_error of one line that begins with the file's name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <istream>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/gguf_metadata.hpp"
#include "model/tensor_type.hpp"

namespace qkv::tools {

struct GgufTensor {
  TensorType type;
  std::vector<std::int64_t> shape;  // rows before columns, as everywhere here; the file has columns first
  std::uint64_t begin, bytes;       // from the start of the data
};

class Gguf {
 public:
  using Tensors = std::map<std::string, GgufTensor, std::less<>>;

  static Gguf from_file(const std::filesystem::path& path);

  // `name` is what error messages call the stream, which must be seekable.
  Gguf(std::string name, std::unique_ptr<std::istream> stream);

  const GgufMetadata& metadata() const { return metadata_; }
  const Tensors& tensors() const { return tensors_; }

  // A tensor that must have this shape.
  const GgufTensor& tensor(std::string_view name, std::span<const std::int64_t> shape) const;

  // The raw bytes of a tensor of this file; `destination` has its size.
  void read(const GgufTensor& tensor, std::span<std::byte> destination) const;

  // Its numbers, whatever its type.
  std::vector<float> read_f32(const GgufTensor& tensor) const;

  // For what only the user of the file can find wrong with it.
  [[noreturn]] void fail(std::string_view what) const;

 private:
  std::string name_;
  std::unique_ptr<std::istream> stream_;
  std::uint64_t stream_bytes_ = 0;
  std::uint64_t data_begin_ = 0;
  GgufMetadata metadata_;
  Tensors tensors_;
};

}  // namespace qkv::tools
