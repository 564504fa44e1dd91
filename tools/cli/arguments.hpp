// SPDX-License-Identifier: Apache-2.0
// What the command lines of the programs have in common.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>

namespace CLI {
class App;
}

namespace qkv::tools {

// The command line asks for something that is not possible. what() is one line.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// False if the help or the version was asked for and has been printed. Throws UsageError.
bool parse_arguments(CLI::App& app, int argument_count, const char* const* arguments);

// The best instruction set that qkv may use; throws UsageError where this build has none of that name.
void cap_isa(const std::string& name);

// Runs the program: 0, or one line on standard error and 2.
int exit_code_of(const char* program, const std::function<void()>& run);

}  // namespace qkv::tools
