// SPDX-License-Identifier: Apache-2.0
// What the operating system tells about the CPU. Linux only; what it does not tell is empty.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace qkv::tools {

struct Cache {
  int32_t level;
  std::string type;  // "Data", "Instruction", "Unified"
  int64_t bytes;
  int32_t sharing_cores;
};

std::string cpu_field(const std::string& name);  // of /proc/cpuinfo, for the first core: "cpu family", "flags"
std::string cpu_name();
int32_t core_count();         // cores that this process may use
std::vector<Cache> caches();  // of core 0

}  // namespace qkv::tools
