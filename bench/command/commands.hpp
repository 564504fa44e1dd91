// SPDX-License-Identifier: Apache-2.0
// The three things that qkv-bench does. Each returns the exit code.
#pragma once

#include "command/options.hpp"

namespace qkv::bench {

int run_benchmarks(const Options& options);
int list_problems(const Options& options);
int compare_files(const Options& options);

}  // namespace qkv::bench
