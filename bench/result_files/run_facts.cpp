// SPDX-License-Identifier: Apache-2.0
#include "result_files/run_facts.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <set>
#include <sstream>

#include "cli/machine.hpp"
#include "qkv/version.h"

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

}  // namespace

ordered_json run_facts() {
  return {{"cpu", cpu()},
          {"date", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)))},
          {"qkv_version", qkv_version()},
          {"compiler", compiler()}};
}

}  // namespace qkv::bench
