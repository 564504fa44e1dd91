// SPDX-License-Identifier: Apache-2.0
// Repetitions of a prepared call by the rule of quiet.hpp.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "limits/limit.hpp"
#include "limits/roofline.hpp"
#include "measuring/quiet.hpp"
#include "operations/prepared_call.hpp"

namespace qkv::bench {

struct Effort {
  int repetitions = 9;
  double seconds = 4;  // about what one benchmark may take, if that leaves least_kept repetitions
  std::function<bool()> interrupted = [] { return false; };
};

struct Subject {
  PreparedCall& call;
  Limit& limit;
  Bound bound;
  bool from_dram = false;  // on copies of the operands that no cache holds
};

// More than asked for while too few are quiet, but boundedly many. All subjects of one call are bounded by one limit;
// every other turn runs backwards, so that a machine that becomes slower or faster favours none.
std::vector<Turn> repeat_in_turns(std::span<const Subject> subjects, const Effort& effort);

std::vector<Repetition> repeat(const Subject& subject, const Effort& effort);

}  // namespace qkv::bench
