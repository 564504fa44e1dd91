// SPDX-License-Identifier: Apache-2.0
// One result, in the form that all engines of the suite share, and its JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace qkv::bench {

struct Row {
  std::string engine = "qkv", engine_version, op, dtype = "f32", isa;
  int threads = 1;
  std::string shape;  // name of the problem
  bool causal = false;
  std::string cache;                  // "hot" or "cold"
  std::optional<double> rate, limit;  // in `unit`; nothing where there is no figure
  std::string unit, limit_name;       // "FLOP/s" or "bytes/s"; "fma avx512", "read L2"
  std::optional<double> ratio;        // rate / limit
  int kept = 0, repetitions = 0;      // quiet ones, and all
  double flops = 0, bytes = 0;        // useful ones of one call
  std::optional<double> seconds;      // of one call; not to be compared between runs
  std::string kernel;                 // "attention.prefill.f32.plain@avx512"
  std::optional<double> error;        // max |result - double reference| / max(1, max |reference|)
  bool wrong = false;                 // some element is past its allowed error: there is no figure
  std::string note;                   // why there is no figure: "too noisy", "wrong: ...", "skipped: ..."
};

nlohmann::ordered_json to_json(const Row& row);

// Throws std::runtime_error naming the member that is missing or of another type. Unknown members are left alone.
Row row_from_json(const nlohmann::json& json);

// What two rows have in common that can be compared: engine, op, dtype, isa, threads, shape, cache.
std::string key_of(const Row& row);

}  // namespace qkv::bench
