// SPDX-License-Identifier: Apache-2.0
// The words of --isa, --threads and --cache.
#pragma once

#include <string>
#include <vector>

#include "limits/roofline.hpp"

namespace qkv::bench {

using Words = std::vector<std::string>;

// The tiers of this build that this machine runs, best last.
std::vector<std::string> usable_isas();

// All combinations, each once. Throws UsageError for tiers and threads that this machine does not have.
std::vector<Setting> chosen_settings(const Words& isa_words, const Words& thread_words, Words caches);

}  // namespace qkv::bench
