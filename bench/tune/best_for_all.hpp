// SPDX-License-Identifier: Apache-2.0
// One tuning for several classes of problems.
#pragma once

#include <optional>
#include <vector>

#include "tune/gain.hpp"

namespace qkv::bench {

// gains[tuning][class]; nothing: the tuning changes nothing there. The tuning of the largest mean gain that is real,
// among those that are a loss to no class; nothing if there is none.
std::optional<size_t> best_for_all(const std::vector<std::vector<std::optional<Gain>>>& gains);

}  // namespace qkv::bench
