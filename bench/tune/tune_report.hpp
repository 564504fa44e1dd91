// SPDX-License-Identifier: Apache-2.0
// What qkv-tune found, as text and as JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "limits/roofline.hpp"
#include "tune/search.hpp"
#include "tune/shape_class.hpp"

namespace qkv::bench {

struct ClassResult {
  ShapeClass shape_class;
  std::optional<Gain> base;  // of the default against itself; nothing: no figure, see note
  Found found;
  std::string note;  // why there is no figure or nothing was tried
};

struct TierResult {
  Setting setting;
  std::vector<ClassResult> classes;
  qkv_tuning for_all = default_tuning();
};

struct TuneResults {
  std::vector<TierResult> tiers;
  std::vector<std::string> wrong;  // results past their allowed error
  bool interrupted = false;
};

// "87.1 % -> 88.4 %, +1.3 points (noise 0.2), prefill_rows_per_task=128", or why not.
std::string summary_of(const ClassResult& result);

// The table of one tier, and its initialiser.
std::string table_of(const TierResult& tier);

nlohmann::ordered_json to_json(const TuneResults& results);

}  // namespace qkv::bench
