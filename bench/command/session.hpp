// SPDX-License-Identifier: Apache-2.0
// A run of benchmarks: registers them with Google Benchmark, shows progress, collects rows.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdio>
#include <exception>
#include <optional>
#include <vector>

#include "cli/output_file.hpp"
#include "command/measure_case.hpp"
#include "command/progress.hpp"
#include "result_files/result_file.hpp"

namespace qkv::bench {

class Session {
 public:
  // Progress goes to `stream`. Throws UsageError, and std::runtime_error if the file cannot be written.
  Session(const Options& options, std::FILE* stream);

  void register_benchmarks();

  // Writes the file; returns the exit code.
  int finish();

 private:
  void run(const Case& one, benchmark::State& state);
  const Row& measure(const Case& one);
  void begin();

  Limits limits_;
  std::vector<Case> cases_;
  Measurement measurement_;
  std::FILE* stream_;
  Progress progress_;
  std::optional<tools::OutputFile> file_;
  Results results_;
  std::exception_ptr failure_;
};

}  // namespace qkv::bench
