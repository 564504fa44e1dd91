// SPDX-License-Identifier: Apache-2.0
// The command line of qkv-tune.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "limits/roofline.hpp"
#include "tune/shape_class.hpp"
#include "tune/tuning_fields.hpp"

namespace qkv::bench {

struct TuneOptions {
  std::vector<ShapeClass> classes;
  std::vector<Setting> settings;
  std::vector<TuningField> fields;
  bool quick = false;
  std::string json;
};

// Nothing: help or version has been printed. Throws std::runtime_error that names the word that is wrong.
std::optional<TuneOptions> parse_tune_options(int argument_count, const char* const* arguments);

// Fields by name; no name: all. Those that change bits need `bits`.
std::vector<TuningField> chosen_fields(const std::vector<std::string>& names, bool bits);

}  // namespace qkv::bench
