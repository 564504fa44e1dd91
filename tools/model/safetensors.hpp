// SPDX-License-Identifier: Apache-2.0
// Reader of safetensors files (huggingface.co/docs/safetensors): 8 bytes of header length (little-endian), a JSON
// header that gives dtype, shape and data_offsets of every tensor, then the data, without holes or overlaps.
//
// The file is not trusted. Every size is checked against the length of the file before anything is allocated for it,
// and whatever is wrong ends in a std::runtime_error of one line that begins with the file's name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <istream>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace qkv::tools {

class Safetensors {
 public:
  static constexpr std::uint64_t max_header_bytes = std::uint64_t{1} << 20;

  struct Tensor {
    std::string dtype;
    std::vector<std::int64_t> shape;
    std::uint64_t begin, end;  // bytes, from the start of the data
  };

  static Safetensors from_file(const std::filesystem::path& path);

  // `name` is what error messages call the stream, which must be seekable.
  Safetensors(std::string name, std::unique_ptr<std::istream> stream);

  const std::map<std::string, Tensor>& tensors() const { return tensors_; }

  // The elements of an f32 tensor that must have this shape.
  std::vector<float> read_f32(const std::string& name, std::span<const std::int64_t> shape) const;

 private:
  [[noreturn]] void fail(const std::string& what) const;
  void read_header();
  void check_coverage() const;
  void read_bytes(std::uint64_t begin, void* destination, std::uint64_t bytes) const;

  std::string name_;
  std::unique_ptr<std::istream> stream_;
  std::uint64_t stream_bytes_ = 0;
  std::uint64_t data_begin_ = 0;
  std::map<std::string, Tensor> tensors_;
};

}  // namespace qkv::tools
