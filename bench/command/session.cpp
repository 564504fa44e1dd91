// SPDX-License-Identifier: Apache-2.0
#include "command/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "cli/machine.hpp"
#include "command/interrupt.hpp"
#include "command/settings.hpp"
#include "limits/fma_loops.hpp"
#include "limits/memory_levels.hpp"
#include "problems/work.hpp"
#include "qkv/version.h"

namespace qkv::bench {
namespace {

Effort effort_of(const Options& options) {
  Effort effort;
  effort.interrupted = interrupted;
  if (options.quick) effort.seconds = 0.5;
  if (options.repetitions != 0) effort = {options.repetitions, 1e9, interrupted};
  return effort;
}

std::vector<double> expected_seconds(const std::vector<Case>& cases, const Measurement& measurement) {
  std::vector<double> seconds;
  for (const Case& one : cases) seconds.push_back(expected_seconds(one, measurement));
  return seconds;
}

// One core and all cores, and what the run will use.
std::set<int> thread_counts(const std::vector<Case>& cases) {
  std::set<int> counts = {1, has_thread_pool() ? tools::core_count() : 1};
  for (const Case& one : cases) counts.insert(one.setting.threads);
  return counts;
}

bool any_of_bytes(const std::vector<Case>& cases) {
  return std::ranges::any_of(cases, [](const Case& one) { return work_of(one.problem.shape).of_bytes; });
}

void print_limit(std::FILE* stream, const std::string& name, const std::set<int>& threads, Limits& limits) {
  const char* unit = name.starts_with("read") ? "GB/s" : "GFLOP/s";
  std::string line = fmt::format("limit {:<15}", name);
  for (const int count : threads) {
    const double rate = limits.get(name, count).best() * 1e-9;
    line += fmt::format("  {:8.1f} {} on {} thread{}", rate, unit, count, count == 1 ? "" : "s");
  }
  fmt::print(stream, "{}\n", line);
  std::fflush(stream);
}

// The counters that Google Benchmark shows in its own formats.
void report(const Row& row, benchmark::State& state) {
  if (!row.note.empty()) return state.SkipWithError(row.note.c_str());
  const double seconds = row.seconds.value_or(0);
  state.SetIterationTime(seconds);
  state.SetLabel(row.kernel);
  if (!row.ratio) return;
  state.counters["GFLOP/s"] = row.flops / seconds * 1e-9;
  state.counters["GB/s"] = row.bytes / seconds * 1e-9;
  state.counters["AI"] = row.flops / row.bytes;
  state.counters["%limit"] = 100 * *row.ratio;
  state.counters["kept"] = row.kept;
}

}  // namespace

Session::Session(const Options& options, std::FILE* stream)
    : cases_(chosen_cases(options)),
      measurement_{limits_, effort_of(options), options.check_only},
      stream_(stream),
      progress_(stream, expected_seconds(cases_, measurement_)) {
  if (!options.json.empty()) file_.emplace("--json", options.json);
}

void Session::register_benchmarks() {
  for (const Case& one : cases_) {
    benchmark::RegisterBenchmark(one.name().c_str(), [this, &one](benchmark::State& state) { run(one, state); })
        ->UseManualTime()
        ->Iterations(1);
  }
}

int Session::finish() {
  results_.peaks = limits_.best();
  results_.interrupted = interrupted();
  if (file_ && !results_.rows.empty()) {
    file_->write(to_json(results_).dump(1) + "\n");
    file_->finish();
    file_->commit();
  }
  if (failure_) std::rethrow_exception(failure_);
  const auto wrong = std::ranges::count_if(results_.rows, &Row::wrong);
  if (wrong > 0) fmt::print(stderr, "qkv-bench: {} wrong results\n", wrong);
  if (results_.interrupted) return 130;
  return wrong > 0 ? 1 : 0;
}

void Session::run(const Case& one, benchmark::State& state) {
  for (auto _ : state) {
    if (interrupted() || failure_) return state.SkipWithError("interrupted");
    // Google Benchmark lets no exception through.
    try {
      if (results_.rows.empty()) begin();
      report(measure(one), state);
    } catch (...) {
      failure_ = std::current_exception();
      state.SkipWithError("failed");
    }
  }
}

const Row& Session::measure(const Case& one) {
  progress_.begin(one.name());
  results_.rows.push_back(measure_case(one, measurement_));
  progress_.end(one.name(), results_.rows.back());
  return results_.rows.back();
}

void Session::begin() {
  fmt::print(stream_, "qkv {} on {}; cores: {}, benchmarks: {}\n", qkv_version(), tools::cpu_name(),
             tools::core_count(), cases_.size());
  std::fflush(stream_);
  if (measurement_.check_only) return;
  const std::set<int> threads = thread_counts(cases_);
  for (const std::string& isa : usable_isas()) print_limit(stream_, "fma " + isa, threads, limits_);
  for (const std::string& isa : usable_isas()) {
    if (any_of_bytes(cases_) && has_byte_loops(isa)) print_limit(stream_, "dot " + isa, threads, limits_);
  }
  for (const MemoryLevel& level : memory_levels()) print_limit(stream_, "read " + level.name, threads, limits_);
}

}  // namespace qkv::bench
