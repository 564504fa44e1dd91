// SPDX-License-Identifier: Apache-2.0
// Makes safetensors files, well-formed and not.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "model/safetensors.hpp"

namespace qkv_test {

// The length of the header (or what the caller says it is), the header, the data.
std::string safetensors_bytes(const std::string& header, const std::string& data);
std::string safetensors_bytes(std::uint64_t header_bytes, const std::string& header, const std::string& data);

// A well-formed file with these dtypes and shapes; every byte of the data is 0.
std::string zero_checkpoint(const std::map<std::string, qkv::tools::Safetensors::Tensor>& tensors);

// Reads it under the name "test".
qkv::tools::Safetensors open_safetensors(const std::string& bytes);

}  // namespace qkv_test
