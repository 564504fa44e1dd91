// SPDX-License-Identifier: Apache-2.0
// qkv-info: the CPU, the instruction sets that qkv uses on it, and the kernels it chooses for typical problems.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <nlohmann/json.hpp>

#include "cli/machine.hpp"
#include "cli/typical_plans.hpp"
#include "qkv/qkv.h"

namespace {

using nlohmann::ordered_json;
using namespace qkv::tools;

ordered_json cpu_json() {
  ordered_json list = ordered_json::array();
  for (const Cache& cache : caches()) {
    list.push_back(
        {{"level", cache.level}, {"type", cache.type}, {"bytes", cache.bytes}, {"sharing_cores", cache.sharing_cores}});
  }
  return {{"name", cpu_name()}, {"cores", core_count()}, {"caches", std::move(list)}};
}

ordered_json tiers_json() {
  ordered_json list = ordered_json::array();
  for (int32_t i = 0; const qkv_isa_description* tier = qkv_isa_at(i); i++) {
    list.push_back({{"name", tier->name},
                    {"supported", tier->supported != 0},
                    {"reason", tier->reason},
                    {"vector_bits", tier->vector_bits},
                    {"register_count", tier->register_count}});
  }
  return list;
}

ordered_json plans_json() {
  ordered_json list = ordered_json::array();
  for (const TypicalPlan& plan : typical_plans(core_count())) {
    list.push_back({{"problem", plan.problem},
                    {"kernel", plan.kernel},
                    {"tasks", plan.facts.task_count},
                    {"workspace_bytes", plan.facts.workspace_bytes},
                    {"flops", plan.facts.flops},
                    {"bytes", plan.facts.bytes}});
  }
  return list;
}

ordered_json gather() {
  const TileFacts tiles = tile_facts();
  return {
      {"version", qkv_version()},
      {"cpu", cpu_json()},
      {"tiers", tiers_json()},
      {"isa", qkv_isa_active()},
      {"tiles",
       {{"matmul_panel_columns", tiles.matmul_panel_columns}, {"prefill_rows_per_task", tiles.prefill_rows_per_task}}},
      {"kernels", plans_json()}};
}

std::string text(const ordered_json& value) {
  return value.get<std::string>();
}

std::string cache_text(const ordered_json& cache) {
  const int cores = cache["sharing_cores"].get<int>();
  return fmt::format("L{} {:11} {:6} KiB, {}", cache["level"].get<int>(), text(cache["type"]),
                     cache["bytes"].get<int64_t>() / 1024,
                     cores == 1 ? "one per core" : fmt::format("shared by {} cores", cores));
}

void print(const ordered_json& info) {
  const ordered_json& cpu = info["cpu"];
  const std::string name = text(cpu["name"]);
  fmt::print("qkv      {}\n", text(info["version"]));
  fmt::print("CPU      {}, {} cores\n", name.empty() ? "unknown" : name, cpu["cores"].get<int>());
  for (const ordered_json& cache : cpu["caches"]) fmt::print("cache    {}\n", cache_text(cache));
  for (const ordered_json& tier : info["tiers"]) {
    const std::string state = tier["supported"].get<bool>()  ? "supported"
                              : text(tier["reason"]).empty() ? "not supported"
                                                             : "not supported: " + text(tier["reason"]);
    fmt::print("tier     {:8} {} vector registers of {} bits; {}{}\n", text(tier["name"]),
               tier["register_count"].get<int>(), tier["vector_bits"].get<int>(), state,
               tier["name"] == info["isa"] ? "; in use" : "");
  }
  fmt::print("tiles    weights packed in panels of {} columns; up to {} query rows per prefill task\n",
             info["tiles"]["matmul_panel_columns"].get<int64_t>(),
             info["tiles"]["prefill_rows_per_task"].get<int64_t>());
  for (const ordered_json& plan : info["kernels"]) {
    fmt::print("kernel   {:36} {} ({} tasks)\n", text(plan["kernel"]), text(plan["problem"]),
               plan["tasks"].get<int64_t>());
  }
}

int run(int argc, char** argv) {
  CLI::App app("Shows the CPU, the instruction sets that qkv uses on it, and the kernels chosen for typical problems.",
               "qkv-info");
  std::string max_isa;
  bool as_json = false;
  app.add_option("--max-isa", max_isa, "the best instruction set to use, for example avx2");
  app.add_flag("--json", as_json, "print one JSON object, which also tells FLOPs, bytes and workspace of each problem");
  app.set_version_flag("--version", qkv_version());
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    throw;
  }
  if (qkv_isa_set_max(max_isa.c_str()) != QKV_OK)
    throw std::runtime_error(fmt::format("--max-isa: {}", qkv_error_message()));
  const ordered_json info = gather();
  if (as_json) {
    fmt::print("{}\n", info.dump(2));
  } else {
    print(info);
  }
  if (std::fflush(stdout) != 0) throw std::runtime_error("standard output cannot be written");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "qkv-info: {}\n", error.what());
    return 2;
  }
}
