// SPDX-License-Identifier: Apache-2.0
#include "command/cases.hpp"

#include <fmt/format.h>

#include <regex>

#include "command/settings.hpp"
#include "problems/models.hpp"
#include "text/quote.hpp"

namespace qkv::bench {
namespace {

using tools::quote;

std::regex compiled(const std::string& filter) {
  try {
    return std::regex(filter);
  } catch (const std::regex_error&) {
    throw UsageError(fmt::format("--filter {}: no regular expression", quote(filter)));
  }
}

}  // namespace

std::string Case::name() const {
  return fmt::format("{} isa={} threads={} cache={}", name_of(problem.shape), setting.isa, setting.threads,
                     setting.cold ? "cold" : "hot");
}

bool passes_filter(const std::string& name, const std::string& filter) {
  if (filter.starts_with('-')) return !std::regex_search(name, compiled(filter.substr(1)));
  return std::regex_search(name, compiled(filter));
}

std::vector<Problem> chosen_problems(const Options& options) {
  std::vector<std::string> sources = options.shapes;
  if (sources.empty()) sources.emplace_back(options.quick ? "all" : "kernels");
  std::vector<Problem> problems = load_shapes(sources);
  if (options.quick) std::erase_if(problems, [](const Problem& problem) { return !problem.quick; });
  if (problems.empty()) throw UsageError("--quick: these shapes have no line that is marked as quick");
  return problems;
}

std::vector<Case> chosen_cases(const Options& options) {
  const std::vector<Setting> settings = chosen_settings(options.isas, options.threads, options.caches);
  std::vector<Case> cases;
  for (const Problem& problem : chosen_problems(options)) {
    for (const Setting& setting : settings) {
      Case one{problem, setting};
      if (passes_filter(one.name(), options.filter)) cases.push_back(std::move(one));
    }
  }
  if (cases.empty()) throw UsageError(fmt::format("--filter {}: matches no benchmark", quote(options.filter)));
  return cases;
}

}  // namespace qkv::bench
