// SPDX-License-Identifier: Apache-2.0
#include "command/options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>

#include "measuring/quiet.hpp"
#include "problems/models.hpp"
#include "qkv/version.h"

namespace qkv::bench {
namespace {

constexpr const char* description =
    "Measures qkv's kernels as shares of the limits of this machine (multiply-adds per tier, reads per cache level),\n"
    "which are measured in the same run. Every result is checked against double precision before its time is shown.";

constexpr const char* rule =
    "A repetition is: limit loop, 2 ms of calls, limit loop. It counts if the two limits agree within 2 % and lie "
    "within\n"
    "5 % of the best of the run, and if nobody else got the core meanwhile. Shown is the median of rate / limit; with\n"
    "fewer than five that count it says \"too noisy\". Pin it to a core that is yours: taskset -c 0 qkv-bench\n"
    "\n"
    "Exit code: 0; 1 for a wrong result, or in diff for a loss; 2 for a wrong command line or file; 130 after Ctrl-C.\n"
    "\n"
    "  qkv-bench --quick                                  the marked problems of all models, in three minutes\n"
    "  qkv-bench --shapes llama3_8b --filter attention    one model's attention\n"
    "  qkv-bench --isa all --threads 1,all --json a.json  the default problems, kept for diff\n"
    "  qkv-bench diff a.json b.json                       what became slower?";

std::string shapes_help() {
  std::vector<std::string_view> names;
  for (const Model& model : models()) names.push_back(model.name);
  return fmt::format("models ({}, all) or shape files; default kernels, with --quick all", fmt::join(names, ", "));
}

void add_choice_of_problems(CLI::App& app, Options& options) {
  app.add_option("--shapes", options.shapes, shapes_help())->option_text("LIST")->delimiter(',');
  app.add_option("--filter,--benchmark_filter", options.filter,
                 "only benchmarks whose name matches; -REGEX: only those that do not match")
      ->option_text("REGEX");
  app.add_flag("--quick", options.quick, "only problems that are marked as quick, with less patience");
}

void add_ways_to_run(CLI::App& app, Options& options) {
  app.add_option("--isa", options.isas, "tiers, for example avx2,avx512; default the best one; all")
      ->option_text("LIST")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--threads", options.threads, "numbers of threads, for example 1,2; default 1; all: one per core")
      ->option_text("LIST")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--cache", options.caches,
                 "hot (default): the same operands each call, if a cache holds them; cold: they come from DRAM")
      ->option_text("hot|cold")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember({"hot", "cold"}));
  app.add_option("--repetitions,--benchmark_repetitions", options.repetitions, "repetitions per benchmark; default 9")
      ->option_text("N")
      ->check(CLI::Range(least_kept, 10000));
  app.add_flag("--check-only", options.check_only, "check the results, measure nothing");
  app.add_option("--json", options.json, "write results and machine to FILE")->option_text("FILE");
}

void add_diff(CLI::App& app, Options& options) {
  CLI::App* diff =
      app.add_subcommand("diff",
                         "Compare the ratios of two files that --json wrote. A loss is: a ratio that fell, "
                         "is no more, or is one to another limit; a wrong result");
  diff->add_option("before", options.before, "the older file")->required();
  diff->add_option("after", options.after, "the newer file")->required();
  diff->add_option("--threshold", options.threshold, "the loss that matters; default 0.03, which is 3 %")
      ->option_text("SHARE")
      ->check(CLI::Range(0.0, 1.0));
  diff->add_flag("--allow-missing", options.allow_missing, "no loss: figures that the newer file does not have");
}

// The two that are options of qkv-bench itself under another name.
bool is_own(std::string_view flag) {
  const std::string_view name = flag.substr(0, flag.find('='));
  return name == "--benchmark_filter" || name == "--benchmark_repetitions";
}

// CLI11 takes its arguments last first.
std::vector<std::string> split_flags(int argument_count, char** arguments, Options& options) {
  std::vector<std::string> own;
  for (int i = 1; i < argument_count; i++) {
    const std::string_view word = arguments[i];
    const bool foreign = word.starts_with("--benchmark_") && !is_own(word);
    (foreign ? options.benchmark_flags : own).emplace_back(word);
  }
  std::ranges::reverse(own);
  return own;
}

std::string one_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  return text;
}

}  // namespace

Options parse_options(int argument_count, char** arguments) {
  Options options;
  CLI::App app(description, "qkv-bench");
  app.footer(rule);
  add_choice_of_problems(app, options);
  add_ways_to_run(app, options);
  app.set_version_flag("--version", fmt::format("qkv-bench {}", qkv_version()));
  const CLI::App* list = app.add_subcommand("list", "List the problems of --shapes with what they cost")->fallthrough();
  add_diff(app, options);
  app.require_subcommand(0, 1);
  try {
    app.parse(split_flags(argument_count, arguments, options));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) throw UsageError(one_line(error.what()));
    app.exit(error);
    options.command = Command::nothing;
    return options;
  }
  if (app.got_subcommand(list)) options.command = Command::list;
  if (app.got_subcommand("diff")) options.command = Command::diff;
  return options;
}

}  // namespace qkv::bench
