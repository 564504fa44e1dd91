// SPDX-License-Identifier: Apache-2.0
#include "cli/standard_output.hpp"
#include "command/commands.hpp"
#include "result_files/diff.hpp"
#include "result_files/result_file.hpp"

namespace qkv::bench {

int compare_files(const Options& options) {
  const std::vector<Row> before = read_rows(options.before), after = read_rows(options.after);
  const Difference difference = difference_of(before, after);
  tools::write_standard_output(table_of(difference, options.threshold));
  return is_worse(difference, {options.threshold, options.allow_missing}) ? 1 : 0;
}

}  // namespace qkv::bench
