// SPDX-License-Identifier: Apache-2.0
// A model as qkv-attend loads it: a folder with model.safetensors and vocab.txt, or a generated one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "model/encoder.hpp"
#include "text/tokenizer.hpp"

namespace qkv::tools {

struct Model {
  std::string name;
  Tokenizer tokenizer;
  Encoder encoder;
};

// $QKV_MODEL_DIR, or models/all-MiniLM-L6-v2 in the working folder.
std::filesystem::path default_model_folder();

// Throws std::runtime_error that names the folder. workers: 0 means one per core.
Model load_model(const std::filesystem::path& folder, std::int32_t workers);
Model generate_model(std::int32_t workers);

}  // namespace qkv::tools
