// SPDX-License-Identifier: Apache-2.0
// qkv-tune: which qkv_tuning is best on this machine?
#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <optional>

#include "cli/output_file.hpp"
#include "cli/standard_output.hpp"
#include "command/interrupt.hpp"
#include "text/quote.hpp"
#include "tune/sweep.hpp"

namespace qkv::bench {
namespace {

void write_json(tools::OutputFile& file, const TuneResults& results) {
  file.write(to_json(results).dump(1) + "\n");
  file.finish();
  file.commit();
}

int run(int argument_count, char** arguments) {
  const std::optional<TuneOptions> options = parse_tune_options(argument_count, arguments);
  if (!options) return 0;
  std::optional<tools::OutputFile> file;
  if (!options->json.empty()) file.emplace("--json", options->json);
  watch_for_interrupts();
  const TuneResults results = Sweep(*options, stderr).run();
  for (const TierResult& tier : results.tiers) tools::write_standard_output(table_of(tier));
  if (file) write_json(*file, results);
  for (const std::string& wrong : results.wrong) fmt::print(stderr, "qkv-tune: wrong: {}\n", wrong);
  if (results.interrupted) return 130;
  return results.wrong.empty() ? 0 : 1;
}

}  // namespace
}  // namespace qkv::bench

int main(int argument_count, char** arguments) {
  try {
    return qkv::bench::run(argument_count, arguments);
  } catch (const std::exception& error) {
    fmt::print(stderr, "qkv-tune: {}\n", qkv::tools::one_line(error.what()));
    return 2;
  }
}
