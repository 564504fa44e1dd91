// SPDX-License-Identifier: Apache-2.0
// The SmolLM2 model, and what others read from its file (tools/make_golden_smollm2.py).
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

namespace qkv_test {

const nlohmann::json& golden_smollm2();

// The file $QKV_DECODER_FILE, or the one that tools/setup_model.py fetches into the source tree. Without a model there
// the running test says that it is skipped and must end; with QKV_REQUIRE_DECODER=1 it fails.
std::optional<std::filesystem::path> smollm2_file();

}  // namespace qkv_test
