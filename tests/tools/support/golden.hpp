// SPDX-License-Identifier: Apache-2.0
// The MiniLM model, and what Hugging Face's libraries say about it (tools/make_golden_minilm.py).
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace qkv_test {

struct GoldenText {
  std::string text;
  std::vector<std::int64_t> ids;
  std::vector<double> embedding;
};

const nlohmann::json& golden();
const std::vector<GoldenText>& golden_texts();

// Those that a run with QKV_TEST_CASES has time to encode: all in a full run, a few short ones in a short run.
std::vector<GoldenText> golden_texts_to_encode();

// The folder $QKV_MODEL_DIR or models/all-MiniLM-L6-v2 of the source tree. Without a model there the running test says
// that it is skipped and must end; with QKV_REQUIRE_MODEL=1 it fails.
std::optional<std::filesystem::path> minilm_folder();

}  // namespace qkv_test
