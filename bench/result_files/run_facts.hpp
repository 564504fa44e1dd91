// SPDX-License-Identifier: Apache-2.0
// What every file of results begins with.
#pragma once

#include <nlohmann/json.hpp>

namespace qkv::bench {

// The CPU, the date, the version of the library and the compiler.
nlohmann::ordered_json run_facts();

}  // namespace qkv::bench
