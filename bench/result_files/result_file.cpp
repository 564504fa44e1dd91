// SPDX-License-Identifier: Apache-2.0
#include "result_files/result_file.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>

#include "cli/machine.hpp"
#include "qkv/version.h"
#include "text/quote.hpp"

namespace qkv::bench {
namespace {

using nlohmann::ordered_json;

const char* compiler() {
#if defined(__clang__)
  return "clang " __clang_version__;
#else
  return "gcc " __VERSION__;
#endif
}

// Of the many flags those that kernels could use.
bool is_relevant(const std::string& flag) {
  static const std::set<std::string> others = {"sse2", "sse4_1",  "sse4_2", "fma",  "f16c", "asimd", "asimdhp",
                                               "sve",  "asimddp", "bf16",   "i8mm", "sme",  "sve2"};
  return flag.starts_with("avx") || flag.starts_with("amx") || others.contains(flag);
}

ordered_json flags() {
  ordered_json list = ordered_json::array();
  const std::string x86 = tools::cpu_field("flags");
  std::istringstream words(x86.empty() ? tools::cpu_field("Features") : x86);
  for (std::string flag; words >> flag;) {
    if (is_relevant(flag)) list.push_back(flag);
  }
  return list;
}

ordered_json cpu() {
  ordered_json caches = ordered_json::array();
  for (const tools::Cache& cache : tools::caches()) {
    caches.push_back(
        {{"level", cache.level}, {"type", cache.type}, {"bytes", cache.bytes}, {"sharing_cores", cache.sharing_cores}});
  }
  return {{"name", tools::cpu_name()},
          {"family", tools::cpu_field("cpu family")},
          {"model", tools::cpu_field("model")},
          {"stepping", tools::cpu_field("stepping")},
          {"flags", flags()},
          {"cores", tools::core_count()},
          {"caches", std::move(caches)}};
}

ordered_json peaks_json(const Results& results) {
  ordered_json peaks = ordered_json::object();
  for (const auto& [name, rates] : results.peaks) {
    for (const auto& [threads, rate] : rates) peaks[name][std::to_string(threads)] = rate;
  }
  return peaks;
}

}  // namespace

ordered_json to_json(const Results& results) {
  ordered_json rows = ordered_json::array();
  for (const Row& row : results.rows) rows.push_back(to_json(row));
  return {{"cpu", cpu()},
          {"date", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)))},
          {"qkv_version", qkv_version()},
          {"compiler", compiler()},
          {"interrupted", results.interrupted},
          {"peaks", peaks_json(results)},
          {"rows", std::move(rows)}};
}

std::vector<Row> read_rows(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const nlohmann::json json = nlohmann::json::parse(file, nullptr, false);
  if (!file.is_open()) throw std::runtime_error(fmt::format("{}: cannot be read", tools::quote(path)));
  if (json.is_discarded()) throw std::runtime_error(fmt::format("{}: is no JSON", tools::quote(path)));
  if (!json.is_object() || !json.contains("rows") || !json["rows"].is_array()) {
    throw std::runtime_error(fmt::format("{}: has no array \"rows\"", tools::quote(path)));
  }
  std::vector<Row> rows;
  std::set<std::string> keys;
  for (const nlohmann::json& row : json["rows"]) {
    try {
      rows.push_back(row_from_json(row));
    } catch (const std::runtime_error& error) {
      throw std::runtime_error(fmt::format("{}: {}", tools::quote(path), error.what()));
    }
    if (const std::string key = key_of(rows.back()); !keys.insert(key).second) {
      throw std::runtime_error(fmt::format("{}: two rows for {}", tools::quote(path), key));
    }
  }
  return rows;
}

}  // namespace qkv::bench
