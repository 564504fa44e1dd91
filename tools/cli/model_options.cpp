// SPDX-License-Identifier: Apache-2.0
#include "cli/model_options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <span>
#include <string_view>

#include "cli/machine.hpp"
#include "model/worker_pool.hpp"
#include "qkv/isa.h"
#include "text/quote.hpp"

namespace qkv::tools {
namespace {

// CLI11 would take a text like "[MASK], [SEP]" for a list and split it, so texts are what its options leave over.
std::vector<std::string> remaining_texts(const CLI::App& app) {
  std::vector<std::string> texts = app.remaining();
  for (const std::string& text : texts)
    if (text.size() > 1 && text.front() == '-') throw UsageError(quote(text) + ": no such option; see --help");
  return texts;
}

}  // namespace

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

void choose_isa(const std::string& max_isa) {
  if (!max_isa.empty()) return cap_isa(max_isa);
  const char* variable = std::getenv("QKV_MAX_ISA");
  if (variable == nullptr || *variable == '\0') return;
  for (std::int32_t i = 0; const qkv_isa_description* isa = qkv_isa_at(i); ++i)
    if (std::string_view(isa->name) == variable) return;
  throw UsageError(
      fmt::format("QKV_MAX_ISA {}: no such instruction set; qkv-info lists those there are", quote(variable)));
}

void check_threads(std::int32_t threads) {
  const std::int32_t cores = core_count(), most = 4 * cores;
  if (threads > most)
    throw UsageError(fmt::format("--threads {}: at most {}, 4 for each of {} cores", threads, most, cores));
  if (threads > 1 && !has_worker_pools())
    throw UsageError(fmt::format("--threads {}: this build has no OpenMP, so one thread", threads));
}

}  // namespace qkv::tools
