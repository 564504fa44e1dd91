// SPDX-License-Identifier: Apache-2.0
// qkv-bench as a user runs it. The environment variable QKV_BENCH is its path.
#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/tiers.hpp"
#include "tools/support/program.hpp"
#include "tools/support/temporary_folder.hpp"

using qkv_test::Outcome;
using Words = std::vector<std::string>;

static Outcome run_bench(const Words& arguments) {
  return qkv_test::run_program("QKV_BENCH", arguments);
}

TEST_CASE("qkv-bench: --help names every option and command") {
  const Outcome outcome = run_bench({"--help"});
  CHECK(outcome.exit_code == 0);
  for (const char* word : {"--shapes", "--filter", "--isa", "--threads", "--cache", "--quick", "--repetitions",
                           "--json", "--check-only", "list", "diff", "kernels", "mistral"}) {
    CHECK_MESSAGE(outcome.output.find(word) != std::string::npos, word);
  }
}

TEST_CASE("qkv-bench: a wrong word gives one line that names it, and exit code 2") {
  const struct {
    Words arguments;
    const char* named;
  } wrong[] = {
      {{"pentium"}, "pentium"},
      {{"--pentium"}, "--pentium"},
      {{"--isa", "pentium"}, "pentium"},
      {{"--threads", "0"}, "--threads"},
      {{"--threads", "many"}, "many"},
      {{"--cache", "lukewarm"}, "lukewarm"},
      {{"--repetitions", "4"}, "4"},
      {{"--filter", "("}, "--filter"},
      {{"--filter", "no such benchmark"}, "no such benchmark"},
      {{"--shapes", "no_such_model"}, "no_such_model"},
      {{"--benchmark_pentium"}, "pentium"},
      {{"--json", "/no/such/folder/file.json"}, "folder"},
      {{"diff", "one.json"}, "after"},
      {{"diff", "no_such_a.json", "no_such_b.json"}, "no_such_a.json"},
      {{"diff", "a", "b", "--threshold", "2"}, "threshold"},
  };
  for (const auto& [arguments, named] : wrong) {
    const Outcome outcome = run_bench(arguments);
    CAPTURE(outcome.errors);
    CHECK(outcome.exit_code == 2);
    CHECK(std::ranges::count(outcome.errors, '\n') == 1);
    CHECK(outcome.errors.find(named) != std::string::npos);
  }
}

TEST_CASE("qkv-bench: list shows problems with their work") {
  const Outcome outcome = run_bench({"list", "--shapes", "minilm", "--filter", "^norm"});
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.output.find("norm kind=layer rows=16 columns=384") != std::string::npos);
  CHECK(outcome.output.find("2 problems") != std::string::npos);
}

TEST_CASE("qkv-bench: --shapes takes a list with commas, or with spaces") {
  const qkv_test::TemporaryFolder folder;
  const std::string a = folder.write("a.txt", "softmax rows=3 columns=5\n"),
                    b = folder.write("b.txt", "softmax rows=4 columns=5\n");
  CHECK(run_bench({"list", "--shapes", a + "," + b}).output.find("2 problems") != std::string::npos);
  CHECK(run_bench({"list", "--shapes", a, b}).output.find("2 problems") != std::string::npos);
}

TEST_CASE("qkv-bench: --check-only computes on every tier and measures nothing") {
  const qkv_test::TemporaryFolder folder;
  const std::string shapes = folder.write("s.txt", "softmax rows=3 columns=5\nmatmul m=3 n=5 k=7\n");
  const Outcome outcome = run_bench({"--shapes", shapes, "--check-only", "--isa", "all", "--json", folder / "a.json"});
  CHECK(outcome.exit_code == 0);
  const auto json = nlohmann::json::parse(folder.read("a.json"));
  CHECK(json["rows"].size() == 2 * qkv_test::tier_report().checked.size());
  for (const auto& row : json["rows"]) {
    CHECK(row["ratio"].is_null());
    CHECK(row["error"].get<double>() < 1e-5);
    CHECK(row["wrong"] == false);
  }
}

TEST_CASE("qkv-bench: a measured row, and a file that diff takes") {
  const qkv_test::TemporaryFolder folder;
  const std::string shapes = folder.write("s.txt", "softmax rows=3 columns=5\n");
  const std::string file = folder / "a.json";
  REQUIRE(run_bench({"--shapes", shapes, "--repetitions", "5", "--json", file}).exit_code == 0);
  const auto row = nlohmann::json::parse(folder.read("a.json"))["rows"][0];
  for (const char* key :
       {"engine", "op", "dtype", "isa", "threads", "shape", "causal", "rate", "limit", "ratio", "error"}) {
    CAPTURE(key);
    CHECK(row.contains(key));
  }
  CHECK(row["shape"] == "softmax rows=3 columns=5");
  CHECK(row["repetitions"].get<int>() >= 5);
  CHECK(row["bytes"] == 4 * 2 * 15);
  // On a machine that is in use there may be no figure, but then it says so.
  CHECK((row["ratio"].is_null() ? row["note"] == "too noisy" : row["ratio"].get<double>() > 0));
  CHECK(run_bench({"diff", file, file}).exit_code == 0);
}

TEST_CASE("qkv-bench: diff has exit code 1 for a loss") {
  const qkv_test::TemporaryFolder folder;
  const auto file = [&](const std::string& name, double ratio) {
    const nlohmann::json row = {{"engine", "qkv"}, {"op", "softmax"}, {"isa", "avx2"},
                                {"threads", 1},    {"shape", "s"},    {"ratio", ratio}};
    return folder.write(name, nlohmann::json{{"rows", {row}}}.dump());
  };
  const std::string before = file("a", 0.5), after = file("b", 0.48);
  CHECK(run_bench({"diff", before, after}).exit_code == 1);
  CHECK(run_bench({"diff", before, after, "--threshold", "0.05"}).exit_code == 0);
  CHECK(run_bench({"diff", after, before}).exit_code == 0);
  const std::string none = folder.write("c", R"({"rows": []})");
  CHECK(run_bench({"diff", before, none}).exit_code == 1);
  CHECK(run_bench({"diff", before, none, "--allow-missing"}).exit_code == 0);
}

TEST_CASE("qkv-bench: flags of Google Benchmark reach it") {
  const qkv_test::TemporaryFolder folder;
  const std::string shapes = folder.write("s.txt", "softmax rows=3 columns=5\nsoftmax rows=4 columns=5\n");
  const Outcome names = run_bench({"--shapes", shapes, "--benchmark_list_tests"});
  CHECK(std::ranges::count(names.output, '\n') == 2);
  const Outcome filtered = run_bench({"--shapes", shapes, "--benchmark_filter=rows=4", "--check-only"});
  CHECK(filtered.output.find("[1/1]") != std::string::npos);
}
