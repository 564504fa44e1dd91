// SPDX-License-Identifier: Apache-2.0
#include "tune/tune_options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/arguments.hpp"
#include "command/settings.hpp"
#include "qkv/version.h"
#include "text/quote.hpp"

namespace qkv::bench {
namespace {

constexpr const char* description =
    "Looks for better values of qkv_tuning (qkv/tuning.h) on this machine, class by class of problems: one field "
    "after\n"
    "another, the default and a candidate in turns on the same operands, each result checked before it is timed.";

constexpr const char* rule =
    "A figure is a ratio: rate / measured limit of this machine, as in qkv-bench. A gain is the median, over quiet\n"
    "turns, of the candidate's ratio less the default's, in points (hundredths of the limit); it is real if it "
    "exceeds\n"
    "two standard errors and 0.2 points. What won is measured once more, and that figure is shown. The initialiser at\n"
    "the end is the best tuning that is a loss to no class. Pin it to a core that is yours: taskset -c 0 qkv-tune\n"
    "\n"
    "Exit code: 0; 1 for a wrong result; 2 for a wrong command line; 130 after Ctrl-C, with what was found so far.\n"
    "\n"
    "  qkv-tune --quick                               a first look, in a minute\n"
    "  qkv-tune --shapes causal,decode --bits         two classes, fields that change bits of results as well\n"
    "  qkv-tune --shapes my_model.txt --threads all   your own problems (format: qkv-bench --help)";

struct Given {
  std::vector<std::string> shapes, isas = {"best"}, threads = {"1"}, fields;
  bool bits = false;
};

void add_list(CLI::App& app, const char* name, std::vector<std::string>& words, const std::string& help) {
  app.add_option(name, words, help)->option_text("LIST")->delimiter(',')->allow_extra_args(false);
}

std::string names(bool bits) {
  std::vector<std::string_view> all;
  for (const TuningField& field : tuning_fields()) {
    if (field.changes_bits == bits) all.emplace_back(field.name);
  }
  return fmt::format("{}", fmt::join(all, ", "));
}

void add_options(CLI::App& app, Given& words, TuneOptions& options) {
  add_list(app, "--shapes", words.shapes,
           fmt::format("classes ({}), models of qkv-bench or shape files; default all classes",
                       fmt::join(class_names(), ", ")));
  add_list(app, "--isa", words.isas, "tiers, for example avx2,avx512; default the best one; all");
  add_list(app, "--threads", words.threads, "numbers of threads, for example 1,2; default 1; all: one per core");
  add_list(app, "--fields", words.fields,
           fmt::format("fields to sweep: {}; with --bits also {}; default all", names(false), names(true)));
  app.add_flag("--bits", words.bits, "also fields that change bits of results, within their error");
  app.add_flag("--quick", options.quick, "one shape per class, less patience");
  app.add_option("--json", options.json, "write what was found to FILE")->option_text("FILE");
}

}  // namespace

std::vector<TuningField> chosen_fields(const std::vector<std::string>& names_given, bool bits) {
  for (const std::string& name : names_given) {
    const auto field = std::ranges::find(tuning_fields(), name, &TuningField::name);
    if (field == tuning_fields().end()) {
      throw tools::UsageError(
          fmt::format("--fields {}: no such field; there are {}, {}", tools::quote(name), names(false), names(true)));
    }
    if (field->changes_bits && !bits) {
      throw tools::UsageError(fmt::format("--fields {}: changes bits of results; give --bits as well", name));
    }
  }
  std::vector<TuningField> fields;
  std::ranges::copy_if(tuning_fields(), std::back_inserter(fields), [&](const TuningField& field) {
    const bool is_named = names_given.empty() || std::ranges::find(names_given, field.name) != names_given.end();
    return is_named && (bits || !field.changes_bits);
  });
  return fields;
}

std::optional<TuneOptions> parse_tune_options(int argument_count, const char* const* arguments) {
  TuneOptions options;
  Given words;
  CLI::App app(description, "qkv-tune");
  app.footer(rule);
  app.set_version_flag("--version", fmt::format("qkv-tune {}", qkv_version()));
  add_options(app, words, options);
  if (!tools::parse_arguments(app, argument_count, arguments)) return std::nullopt;
  options.fields = chosen_fields(words.fields, words.bits);
  options.classes = chosen_classes(words.shapes, options.quick);
  options.settings = chosen_settings(words.isas, words.threads, {"hot"});
  return options;
}

}  // namespace qkv::bench
