// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string_view>

#include "command/commands.hpp"
#include "command/interrupt.hpp"
#include "command/session.hpp"

namespace qkv::bench {
namespace {

// Our own lines say more.
class SilentReporter : public benchmark::BenchmarkReporter {
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>&) override {}
};

bool has_flag(const Options& options, std::string_view name) {
  return std::ranges::any_of(options.benchmark_flags, [=](const std::string& flag) { return flag.starts_with(name); });
}

// False if Google Benchmark does not know one of the flags; it has said so.
bool initialize_google_benchmark(const Options& options) {
  std::vector<std::string> words = {"qkv-bench"};
  words.insert(words.end(), options.benchmark_flags.begin(), options.benchmark_flags.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  int count = static_cast<int>(words.size());
  benchmark::Initialize(&count, arguments.data());
  return !benchmark::ReportUnrecognizedArguments(count, arguments.data());
}

}  // namespace

int run_benchmarks(const Options& options) {
  // What is asked of Google Benchmark goes to standard output, and our own lines elsewhere.
  const bool own_output = !has_flag(options, "--benchmark_format") && !has_flag(options, "--benchmark_list_tests");
  Session session(options, own_output ? stdout : stderr);
  if (!initialize_google_benchmark(options)) return 2;
  session.register_benchmarks();
  watch_for_interrupts();
  SilentReporter silent;
  if (own_output) {
    benchmark::RunSpecifiedBenchmarks(&silent);
  } else {
    benchmark::RunSpecifiedBenchmarks();
  }
  benchmark::Shutdown();
  return session.finish();
}

}  // namespace qkv::bench
