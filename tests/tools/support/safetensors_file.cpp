// SPDX-License-Identifier: Apache-2.0
#include "tools/support/safetensors_file.hpp"

#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>

namespace qkv_test {

std::string safetensors_bytes(const std::string& header, const std::string& data) {
  return safetensors_bytes(header.size(), header, data);
}

std::string safetensors_bytes(std::uint64_t header_bytes, const std::string& header, const std::string& data) {
  std::string bytes;
  for (int shift = 0; shift < 64; shift += 8) bytes += static_cast<char>(header_bytes >> shift & 0xFF);
  return bytes + header + data;
}

std::string zero_checkpoint(const std::map<std::string, qkv::tools::Safetensors::Tensor>& tensors) {
  nlohmann::json header = nlohmann::json::object();
  std::int64_t end = 0;
  for (const auto& [name, tensor] : tensors) {
    const std::int64_t begin = end;
    std::int64_t count = 1;
    for (const std::int64_t extent : tensor.shape) count *= extent;
    end += count * (tensor.dtype == "F16" ? 2 : tensor.dtype == "F64" ? 8 : 4);
    header[name] = {{"dtype", tensor.dtype}, {"shape", tensor.shape}, {"data_offsets", {begin, end}}};
  }
  return safetensors_bytes(header.dump(), std::string(static_cast<std::size_t>(end), '\0'));
}

qkv::tools::Safetensors open_safetensors(const std::string& bytes) {
  return {"test", std::make_unique<std::istringstream>(bytes)};
}

}  // namespace qkv_test
