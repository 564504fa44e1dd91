// SPDX-License-Identifier: Apache-2.0
// qkv-info: the CPU, the instruction sets that qkv uses on it, and the kernels it chooses for typical problems.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "cli/arguments.hpp"
#include "cli/machine.hpp"
#include "cli/standard_output.hpp"
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

template <typename... Args>
void append(std::string& out, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
}

// "1 task", "2 tasks"
std::string counted(int64_t count, const char* noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string report(const ordered_json& info) {
  std::string out;
  const ordered_json& cpu = info["cpu"];
  const std::string name = text(cpu["name"]);
  append(out, "qkv      {}\n", text(info["version"]));
  append(out, "CPU      {}, {} for this process\n", name.empty() ? "unknown" : name,
         counted(cpu["cores"].get<int>(), "core"));
  for (const ordered_json& cache : cpu["caches"]) append(out, "cache    {}\n", cache_text(cache));
  for (const ordered_json& tier : info["tiers"]) {
    const std::string state = tier["supported"].get<bool>()  ? "supported"
                              : text(tier["reason"]).empty() ? "not supported"
                                                             : "not supported: " + text(tier["reason"]);
    append(out, "tier     {:11} {} vector registers of {} bits; {}{}\n", text(tier["name"]),
           tier["register_count"].get<int>(), tier["vector_bits"].get<int>(), state,
           tier["name"] == info["isa"] ? "; in use" : "");
  }
  append(out, "tiles    weights packed in panels of {} columns; up to {} query rows per prefill task\n",
         info["tiles"]["matmul_panel_columns"].get<int64_t>(), info["tiles"]["prefill_rows_per_task"].get<int64_t>());
  for (const ordered_json& plan : info["kernels"]) {
    append(out, "kernel   {:36} {} ({})\n", text(plan["kernel"]), text(plan["problem"]),
           counted(plan["tasks"].get<int64_t>(), "task"));
  }
  return out;
}

void run(int argc, char** argv) {
  CLI::App app("Shows the CPU, the instruction sets that qkv uses on it, and the kernels chosen for typical problems.",
               "qkv-info");
  std::string max_isa;
  bool as_json = false;
  app.add_option("--max-isa", max_isa, "the best instruction set to use, for example avx2")->option_text("NAME");
  app.add_flag("--json", as_json, "print one JSON object, which also tells FLOPs, bytes and workspace of each problem");
  app.set_version_flag("--version", fmt::format("qkv-info {}", qkv_version()));
  if (!parse_arguments(app, argc, argv)) return;
  if (!max_isa.empty()) cap_isa(max_isa);
  const ordered_json info = gather();
  write_standard_output(as_json ? info.dump(2) + "\n" : report(info));
}

}  // namespace

int main(int argc, char** argv) {
  return exit_code_of("qkv-info", [&] { run(argc, argv); });
}
