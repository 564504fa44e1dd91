// SPDX-License-Identifier: Apache-2.0
// qkv-bench: how close to the limits of this machine is each kernel?
#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "command/commands.hpp"

int main(int argument_count, char** arguments) {
  using namespace qkv::bench;
  try {
    const Options options = parse_options(argument_count, arguments);
    switch (options.command) {
      case Command::run:
        return run_benchmarks(options);
      case Command::list:
        return list_problems(options);
      case Command::diff:
        return compare_files(options);
      case Command::nothing:
        break;
    }
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "qkv-bench: {}\n", error.what());
    return 2;
  }
}
