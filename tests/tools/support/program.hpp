// SPDX-License-Identifier: Apache-2.0
// Runs the programs of the project as a user does.
#pragma once

#include <string>
#include <vector>

namespace qkv_test {

struct Outcome {
  int exit_code;  // -1: ended by a signal
  std::string output, errors;
};

// `variable` is the environment variable that holds the path of the program; `input` is its standard input;
// standard output goes to `output_device` if that is given.
Outcome run_program(const char* variable, const std::vector<std::string>& arguments, const std::string& input = "",
                    const char* output_device = nullptr);

}  // namespace qkv_test
