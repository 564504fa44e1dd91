// SPDX-License-Identifier: Apache-2.0
#include "cli/arguments.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <iterator>
#include <span>
#include <string_view>

#include "cli/machine.hpp"
#include "cli/standard_output.hpp"
#include "model/worker_pool.hpp"
#include "qkv/isa.h"
#include "text/quote.hpp"

namespace qkv::tools {
namespace {

// CLI11 takes an empty value for none, and lets a flag have one.
void check_values(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options())
    for (const std::string& value : option->results()) {
      const bool is_flag = option->get_items_expected_min() == 0;
      if (is_flag && value != "true")
        throw UsageError(fmt::format("{}={}: takes no value", option->get_name(), quote(value)));
      if (!is_flag && value.empty()) throw UsageError(fmt::format("{} \"\": must not be empty", option->get_name()));
    }
}

// CLI11 would take a text like "[MASK], [SEP]" for a list and split it, so texts are what its options leave over.
std::vector<std::string> remaining_texts(const CLI::App& app) {
  std::vector<std::string> texts = app.remaining();
  for (const std::string& text : texts)
    if (text.size() > 1 && text.front() == '-') throw UsageError(quote(text) + ": no such option; see --help");
  return texts;
}

}  // namespace

bool parse_arguments(CLI::App& app, int argument_count, const char* const* arguments) {
  try {
    app.parse(argument_count, arguments);
  } catch (const CLI::CallForHelp&) {
    write_standard_output(app.help());
    return false;
  } catch (const CLI::CallForVersion& version) {
    write_standard_output(fmt::format("{}\n", version.what()));
    return false;
  } catch (const CLI::ParseError& error) {
    throw UsageError(one_line(error.what()));
  }
  check_values(app);
  return true;
}

std::optional<std::vector<std::string>> parse_texts(CLI::App& app, int argument_count, const char* const* arguments) {
  const std::span all(arguments, static_cast<std::size_t>(argument_count));
  const auto dashes = std::ranges::find(all, std::string_view("--"));
  if (!parse_arguments(app, static_cast<int>(dashes - all.begin()), arguments)) return std::nullopt;
  std::vector<std::string> texts = remaining_texts(app);
  if (dashes != all.end()) texts.insert(texts.end(), std::next(dashes), all.end());
  return texts;
}

void add_threads_option(CLI::App& app, std::int32_t& threads) {
  app.add_option("--threads", threads, "threads, at most 4 per core; default: one per core")
      ->option_text("N")
      ->check(CLI::Range(1, 1 << 20));
}

void add_max_isa_option(CLI::App& app, std::string& max_isa) {
  app.add_option("--max-isa", max_isa, "the best instruction set to use, for example avx2")->option_text("NAME");
}

void check_threads(std::int32_t threads) {
  const std::int32_t cores = core_count(), most = 4 * cores;
  if (threads > most)
    throw UsageError(fmt::format("--threads {}: at most {}, 4 for each of {} cores", threads, most, cores));
  if (threads > 1 && !has_worker_pools())
    throw UsageError(fmt::format("--threads {}: this build has no OpenMP, so one thread", threads));
}

void cap_isa(const std::string& name) {
  if (qkv_isa_set_max(name.c_str()) == QKV_OK) return;
  std::string known;
  for (std::int32_t i = 0; const qkv_isa_description* isa = qkv_isa_at(i); ++i)
    known += fmt::format("{}{}", known.empty() ? "" : ", ", isa->name);
  throw UsageError(fmt::format("--max-isa {}: no such instruction set; this build has {}", quote(name), known));
}

int exit_code_of(const char* program, const std::function<void()>& run) {
  try {
    run();
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", program, one_line(error.what()));
    return 2;
  }
}

}  // namespace qkv::tools
