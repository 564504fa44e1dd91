// SPDX-License-Identifier: Apache-2.0
#include "support/tiers.hpp"

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <stdexcept>

#include "qkv/isa.h"

namespace qkv_test {

static TierReport probe_tiers() {
  TierReport report;
  for (int32_t i = 0; const qkv_isa_description* tier = qkv_isa_at(i); i++) {
    const std::string name = tier->name;
    const bool accepted = qkv_isa_set_max(tier->name) == QKV_OK;
    if (accepted && name == qkv_isa_active()) {
      report.checked.push_back(name);
    } else {
      report.skipped.push_back(name + " (" + (tier->supported ? "capped by QKV_MAX_ISA" : tier->reason) + ")");
    }
  }
  qkv_isa_set_max(nullptr);
  return report;
}

const TierReport& tier_report() {
  static const TierReport report = probe_tiers();
  return report;
}

static std::string join(const std::vector<std::string>& words, const char* separator) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : separator) + word;
  return text.empty() ? "none" : text;
}

std::string summary(const TierReport& report) {
  return "checked " + join(report.checked, " ") + ", skipped " + join(report.skipped, ", ");
}

std::vector<std::string> missing_tiers(const TierReport& report) {
  const char* required = std::getenv("QKV_REQUIRE_ISAS");
  std::istringstream names(required == nullptr ? "" : required);
  std::vector<std::string> missing;
  for (std::string name; std::getline(names, name, ',');) {
    if (std::ranges::find(report.checked, name) == report.checked.end()) missing.push_back(name);
  }
  return missing;
}

TierScope::TierScope(const std::string& name) {
  if (qkv_isa_set_max(name.c_str()) != QKV_OK || name != qkv_isa_active()) {
    throw std::runtime_error("tier " + name + " cannot be made active");
  }
}

TierScope::~TierScope() {
  qkv_isa_set_max(nullptr);
}

}  // namespace qkv_test
