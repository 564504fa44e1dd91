// SPDX-License-Identifier: Apache-2.0
#include "result_files/row.hpp"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

namespace qkv::bench {
namespace {

// Calls visit(name, member) for each member, in the order of the file.
template <class SomeRow, class Visit>
void visit_members(SomeRow& row, const Visit& visit) {
  visit("engine", row.engine);
  visit("engine_version", row.engine_version);
  visit("op", row.op);
  visit("dtype", row.dtype);
  visit("isa", row.isa);
  visit("threads", row.threads);
  visit("shape", row.shape);
  visit("causal", row.causal);
  visit("cache", row.cache);
  visit("rate", row.rate);
  visit("unit", row.unit);
  visit("limit", row.limit);
  visit("limit_name", row.limit_name);
  visit("ratio", row.ratio);
  visit("kept", row.kept);
  visit("repetitions", row.repetitions);
  visit("flops", row.flops);
  visit("bytes", row.bytes);
  visit("seconds", row.seconds);
  visit("kernel", row.kernel);
  visit("error", row.error);
  visit("wrong", row.wrong);
  visit("note", row.note);
}

// Members without which rows cannot be told apart or compared; the others may be absent.
bool is_required(std::string_view name) {
  return name == "engine" || name == "op" || name == "isa" || name == "threads" || name == "shape" || name == "ratio";
}

template <class T>
void read(const nlohmann::json& json, T& member) {
  member = json.get<T>();
}
void read(const nlohmann::json& json, std::optional<double>& member) {
  if (json.is_null()) {
    member.reset();
  } else {
    member = json.get<double>();
  }
}

template <class T>
nlohmann::ordered_json written(const T& member) {
  return member;
}
// JSON has neither NaN nor infinity.
nlohmann::ordered_json written(const std::optional<double>& member) {
  return member && std::isfinite(*member) ? nlohmann::ordered_json(*member) : nlohmann::ordered_json();
}

}  // namespace

nlohmann::ordered_json to_json(const Row& row) {
  nlohmann::ordered_json json;
  visit_members(row, [&json](const char* name, const auto& member) { json[name] = written(member); });
  return json;
}

Row row_from_json(const nlohmann::json& json) {
  if (!json.is_object()) throw std::runtime_error("a row is no object");
  Row row;
  visit_members(row, [&json](const char* name, auto& member) {
    const auto found = json.find(name);
    if (found == json.end()) {
      if (is_required(name)) throw std::runtime_error(fmt::format("a row has no \"{}\"", name));
      return;
    }
    try {
      read(*found, member);
    } catch (const nlohmann::json::type_error&) {
      throw std::runtime_error(fmt::format("\"{}\" of a row is {}", name, found->dump()));
    }
  });
  return row;
}

std::string key_of(const Row& row) {
  return fmt::format("{} {} {} {} {} {} | {}", row.engine, row.op, row.dtype, row.isa, row.threads, row.cache,
                     row.shape);
}

}  // namespace qkv::bench
