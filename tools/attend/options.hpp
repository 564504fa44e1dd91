// SPDX-License-Identifier: Apache-2.0
// The command line of qkv-attend.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace qkv::tools {

struct Options {
  std::vector<std::string> texts;
  std::filesystem::path input;  // empty: not given, as with the paths below
  std::filesystem::path model;
  std::filesystem::path html, svg, attention, times;
  std::optional<std::int64_t> layer, head;  // from 1, as on the command line
  std::string max_isa;
  std::int32_t threads = 0;
  int repeat = 0;  // as often as is quick
  bool random = false, json = false;
};

// Nothing if the help or the version was asked for and has been printed. Throws UsageError.
std::optional<Options> parse_options(int argument_count, const char* const* arguments);

}  // namespace qkv::tools
