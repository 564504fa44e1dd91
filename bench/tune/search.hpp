// SPDX-License-Identifier: Apache-2.0
// Looks for the best tuning of one class of problems: coordinate descent, one field after another, twice.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "tune/gain.hpp"
#include "tune/tuning_fields.hpp"

namespace qkv::bench {

// What a tuning gains over the default; nothing where it changes nothing or there is no figure.
using Trial = std::function<std::optional<Gain>(const qkv_tuning&)>;

struct Found {
  qkv_tuning tuning = default_tuning();
  std::optional<Gain> gain;  // of the tuning, measured once more after it was chosen; nothing for the default
};

struct Space {
  std::vector<TuningField> fields;
  int rounds = 2;  // a second one, because fields depend on each other
};

// Candidates that a search tries at most, the confirmation among them.
int candidates_at_most(const Space& space);

// Each tuning is tried once; one is taken if its gain is real and larger than what was best. The winner of many noisy
// figures is too good, so it is measured afresh with `confirm`, whose figure counts. Ends early if `stopped`.
struct Measuring {
  Trial trial, confirm;
  std::function<bool()> stopped = [] { return false; };
};
Found search(const Space& space, const Measuring& measuring);

}  // namespace qkv::bench
