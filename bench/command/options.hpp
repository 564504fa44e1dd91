// SPDX-License-Identifier: Apache-2.0
// The command line of qkv-bench.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace qkv::bench {

enum class Command { run, list, diff, nothing };  // nothing: help or version has been printed

struct Options {
  Command command = Command::run;

  std::vector<std::string> shapes;  // models or files
  std::string filter;               // regular expression; "-" in front: what does not match
  bool quick = false;

  std::vector<std::string> isas = {"best"}, threads = {"1"}, caches = {"hot"};
  int repetitions = 0;  // 0: the default
  std::string json;
  bool check_only = false;
  std::vector<std::string> benchmark_flags;  // --benchmark_*, for Google Benchmark

  std::string before, after;  // of diff
  double threshold = 0.03;
  bool allow_missing = false;
};

// A word of the command line that is wrong; what() names it.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

Options parse_options(int argument_count, char** arguments);

}  // namespace qkv::bench
