// SPDX-License-Identifier: Apache-2.0
// What a run measures: problems times tiers, numbers of threads and caches.
#pragma once

#include <string>
#include <vector>

#include "command/options.hpp"
#include "limits/roofline.hpp"
#include "problems/problem.hpp"

namespace qkv::bench {

struct Case {
  Problem problem;
  Setting setting;

  std::string name() const;  // what --filter is matched with
};

// Of --shapes and --quick. Throws std::runtime_error for files that cannot be read and lines that are wrong.
std::vector<Problem> chosen_problems(const Options& options);

// Throws UsageError for tiers and threads that this machine does not have, for a wrong --filter, and if nothing is
// left.
std::vector<Case> chosen_cases(const Options& options);

// Whether a name passes --filter.
bool passes_filter(const std::string& name, const std::string& filter);

}  // namespace qkv::bench
