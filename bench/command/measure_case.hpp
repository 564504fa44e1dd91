// SPDX-License-Identifier: Apache-2.0
// One benchmark: checks the result, then measures, and makes a row of it.
#pragma once

#include "command/cases.hpp"
#include "limits/limit.hpp"
#include "measuring/repeat.hpp"
#include "result_files/row.hpp"

namespace qkv::bench {

struct Measurement {
  Limits& limits;
  Effort effort;
  bool check_only = false;
};

// A row without a figure where the result is wrong or the machine too noisy.
Row measure_call(PreparedCall& call, const Case& one, const Measurement& measurement);

// Prepares the call for the case first; no figure either where the library does not support the problem.
Row measure_case(const Case& one, const Measurement& measurement);

// Seconds that a benchmark takes, very roughly.
double expected_seconds(const Case& one, const Measurement& measurement);

}  // namespace qkv::bench
