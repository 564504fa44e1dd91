// SPDX-License-Identifier: Apache-2.0
// The command line of qkv-generate.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "generate/sampler.hpp"
#include "model/decoder_weights.hpp"

namespace qkv::tools {

struct GenerateOptions {
  std::vector<std::string> prompts;
  std::filesystem::path input, model, attention, perplexity;  // empty: not given
  Sampling sampling;
  std::int64_t max_tokens = 128;
  WeightFormat weights = WeightFormat::file;
  std::string max_isa;
  std::int32_t threads = 0;
  bool chat = false, json = false;
};

// Nothing if the help or the version was asked for and has been printed. Throws UsageError.
std::optional<GenerateOptions> parse_generate_options(int argument_count, const char* const* arguments);

}  // namespace qkv::tools
