// SPDX-License-Identifier: Apache-2.0
// qkv-tune as a user runs it. The environment variable QKV_TUNE is its path.
#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tools/support/program.hpp"
#include "tools/support/temporary_folder.hpp"

using qkv_test::Outcome;
using Arguments = std::vector<std::string>;

static Outcome run_tune(const Arguments& arguments) {
  return qkv_test::run_program("QKV_TUNE", arguments);
}

TEST_CASE("qkv-tune: --help names every option, class and field") {
  const Outcome outcome = run_tune({"--help"});
  CHECK(outcome.exit_code == 0);
  for (const char* word : {"--shapes", "--isa", "--threads", "--fields", "--bits", "--quick", "--json", "prefill_long",
                           "deep", "keys_per_block", "matmul_least_tasks"}) {
    CHECK_MESSAGE(outcome.output.find(word) != std::string::npos, word);
  }
  CHECK(run_tune({"--version"}).output.starts_with("qkv-tune "));
}

TEST_CASE("qkv-tune: a wrong word gives one line that names it, and exit code 2") {
  const qkv_test::TemporaryFolder folder;
  const std::string rows_only = folder.write("rows.txt", "softmax rows=3 columns=5\n");
  const std::string broken = folder.write("broken.txt", "matmul m=3\n");
  const struct {
    Arguments arguments;
    std::string named;
  } wrong[] = {
      {{"square"}, "square"},
      {{"--shapes", "no_such_class"}, "no_such_class"},
      {{"--shapes", rows_only}, "rows.txt"},
      {{"--shapes", broken}, "broken.txt:1"},
      {{"--isa", "pentium"}, "pentium"},
      {{"--threads", "0"}, "--threads"},
      {{"--fields", "rows"}, "rows"},
      {{"--fields", "keys_per_block"}, "--bits"},
      {{"--fields", ""}, "--fields"},
      {{"--json", "/no/such/folder/file.json"}, "folder"},
      {{"--quick=yes"}, "--quick"},
  };
  for (const auto& [arguments, named] : wrong) {
    const Outcome outcome = run_tune(arguments);
    CAPTURE(outcome.errors);
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.output == "");
    CHECK(std::ranges::count(outcome.errors, '\n') == 1);
    CHECK(outcome.errors.find(named) != std::string::npos);
  }
}

TEST_CASE("qkv-tune: a sweep of one field over a file, with progress, a table and JSON") {
  const qkv_test::TemporaryFolder folder;
  const std::string shapes = folder.write("s.txt", "matmul m=64 n=64 k=32\nattention heads=1 queries=3 head_dim=8\n");
  const Outcome outcome = run_tune({"--shapes", shapes, "--quick", "--fields",
                                    "matmul_rows_per_task,prefill_rows_per_task", "--json", folder / "a.json"});
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.output.find("s.txt matmul") != std::string::npos);
  CHECK(outcome.errors.find("at most 0 candidates left") != std::string::npos);
  const auto json = nlohmann::json::parse(folder.read("a.json"));
  REQUIRE(json["tiers"].size() == 1);
  REQUIRE(json["tiers"][0]["classes"].size() == 2);
  for (const auto& one : json["tiers"][0]["classes"]) {
    // On a machine that is in use there may be no figure, but then it says so.
    CHECK((one["default"].is_null() ? one["note"] == "too noisy" : one["default"].get<double>() > 0));
    for (const auto& [field, value] : one["tuning"].items()) CHECK(field.ends_with("_rows_per_task"));
  }
}
