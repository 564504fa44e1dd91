// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "cli/standard_output.hpp"
#include "command/cases.hpp"
#include "command/commands.hpp"
#include "problems/work.hpp"

namespace qkv::bench {

int list_problems(const Options& options) {
  std::string table = fmt::format("{:>10} {:>10} {:>10}          {}\n", "GFLOP", "MB", "FLOP/byte", "problem");
  int count = 0;
  for (const Problem& problem : chosen_problems(options)) {
    const std::string name = name_of(problem.shape);
    if (!passes_filter(name, options.filter)) continue;
    const Work work = work_of(problem.shape);
    table += fmt::format("{:>10.4f} {:>10.3f} {:>10.1f}   {:<5}  {}\n", work.flops * 1e-9, work.bytes * 1e-6,
                         work.flops / work.bytes, problem.quick ? "quick" : "", name);
    count++;
  }
  tools::write_standard_output(fmt::format("{}{} problems\n", table, count));
  return 0;
}

}  // namespace qkv::bench
