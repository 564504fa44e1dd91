// SPDX-License-Identifier: Apache-2.0
// qkv-info as a program, and the plans that it shows. The environment variable QKV_INFO is its path.
#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/machine.hpp"
#include "cli/typical_plans.hpp"
#include "qkv/qkv.h"
#include "tools/support/program.hpp"

using qkv_test::Outcome;

static Outcome run_info(const std::vector<std::string>& arguments) {
  return qkv_test::run_program("QKV_INFO", arguments);
}

TEST_CASE("qkv-info: --json tells version, machine, tiers and kernels") {
  const Outcome outcome = run_info({"--json"});
  REQUIRE(outcome.exit_code == 0);
  const auto info = nlohmann::json::parse(outcome.output);
  CHECK(info["version"] == qkv_version());
  CHECK(info["isa"] == qkv_isa_active());
  CHECK(info["cpu"]["cores"].get<int>() >= 1);
  for (size_t i = 0; const qkv_isa_description* tier = qkv_isa_at(static_cast<int32_t>(i)); i++) {
    REQUIRE(info["tiers"].size() > i);
    CHECK(info["tiers"][i]["name"] == tier->name);
    CHECK(info["tiers"][i]["supported"] == (tier->supported != 0));
    CHECK((tier->supported != 0) == info["tiers"][i]["reason"].get<std::string>().empty());
  }
  for (const auto& kernel : info["kernels"]) CHECK(kernel["tasks"].get<int64_t>() > 0);
}

TEST_CASE("qkv-info: --max-isa is the tier of every kernel") {
  const Outcome outcome = run_info({"--json", "--max-isa", "generic"});
  REQUIRE(outcome.exit_code == 0);
  const auto info = nlohmann::json::parse(outcome.output);
  CHECK(info["isa"] == "generic");
  REQUIRE(!info["kernels"].empty());
  for (const auto& kernel : info["kernels"]) CHECK(kernel["kernel"].get<std::string>().ends_with("@generic"));
}

TEST_CASE("qkv-info: the text names the tier in use and the kernels") {
  const Outcome outcome = run_info({});
  REQUIRE(outcome.exit_code == 0);
  CHECK(outcome.output.find("in use") != std::string::npos);
  CHECK(outcome.output.find("attention.decode.f32.plain@") != std::string::npos);
}

TEST_CASE("qkv-info: a wrong argument gives one line on stderr that names it, and exit code 2") {
  const std::vector<std::vector<std::string>> wrong = {
      {"--max-isa", "pentium"}, {"--pentium"}, {"pentium"}, {"--max-isa", "pentium\n\x1b[31m"}, {"a\r\n", "pentium"}};
  for (const auto& arguments : wrong) {
    const Outcome outcome = run_info(arguments);
    CAPTURE(outcome.errors);
    CHECK(outcome.exit_code == 2);
    CHECK(std::ranges::count(outcome.errors, '\n') == 1);
    CHECK(outcome.errors.find_first_of("\r\x1b") == std::string::npos);
    CHECK(outcome.errors.find("pentium") != std::string::npos);
    CHECK(outcome.output.empty());
  }
}

TEST_CASE("qkv-info: output that cannot be written is an error") {
  const Outcome outcome = qkv_test::run_program("QKV_INFO", {}, "", "/dev/full");
  CHECK(outcome.exit_code == 2);
  CHECK(outcome.errors.find("standard output") != std::string::npos);
}

TEST_CASE("typical plans: workspace does not shrink with workers, and tile facts are sizes") {
  const auto one = qkv::tools::typical_plans(1), four = qkv::tools::typical_plans(4);
  REQUIRE(one.size() == four.size());
  for (size_t i = 0; i < one.size(); i++) {
    CAPTURE(one[i].problem);
    CHECK(one[i].kernel == four[i].kernel);
    CHECK(one[i].facts.workspace_bytes <= four[i].facts.workspace_bytes);
  }
  const qkv::tools::TileFacts tiles = qkv::tools::tile_facts();
  CHECK(tiles.matmul_panel_columns >= 1);
  CHECK(tiles.prefill_rows_per_task >= 1);
}
