// SPDX-License-Identifier: Apache-2.0
#include "result_files/result_file.hpp"

#include <fmt/format.h>

#include <fstream>
#include <set>
#include <stdexcept>

#include "result_files/run_facts.hpp"
#include "text/quote.hpp"

namespace qkv::bench {
namespace {

using nlohmann::ordered_json;

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
  ordered_json json = run_facts();
  json["interrupted"] = results.interrupted;
  json["peaks"] = peaks_json(results);
  json["rows"] = std::move(rows);
  return json;
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
