// SPDX-License-Identifier: Apache-2.0
#include "cli/machine.hpp"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <thread>

namespace qkv::tools {
namespace {

std::string first_line(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

int64_t leading_number(const std::string& text) {
  int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// "32K" or "1M"
int64_t byte_count(const std::string& text) {
  const int64_t unit = text.ends_with('K') ? 1 << 10 : text.ends_with('M') ? 1 << 20 : 1;
  return leading_number(text) * unit;
}

// Bits of a mask such as "00000000,00000003".
int32_t bit_count(const std::string& mask) {
  int32_t bits = 0;
  for (char c : mask) {
    if (c == ',') continue;
    bits += __builtin_popcount(static_cast<unsigned>(c >= 'a' ? c - 'a' + 10 : c - '0'));
  }
  return bits;
}

}  // namespace

std::string cpu_field(const std::string& name) {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const size_t name_end = line.find_last_not_of(" \t", colon - 1) + 1;
    const size_t value = line.find_first_not_of(' ', colon + 1);
    if (line.compare(0, name_end, name) == 0) return value == std::string::npos ? "" : line.substr(value);
  }
  return "";
}

// x86 has a "model name"; Arm has numbers from which lscpu looks up a name.
std::string cpu_name() {
  const std::string name = cpu_field("model name"), part = cpu_field("CPU part");
  if (!name.empty() || part.empty()) return name;
  return "implementer " + cpu_field("CPU implementer") + ", part " + part;
}

int32_t core_count() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
  return static_cast<int32_t>(std::max(1u, std::thread::hardware_concurrency()));
}

std::vector<Cache> caches() {
  std::vector<Cache> found;
  for (int index = 0;; index++) {
    const std::filesystem::path folder = "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index);
    if (!std::filesystem::exists(folder / "size")) return found;
    found.push_back({static_cast<int32_t>(leading_number(first_line(folder / "level"))), first_line(folder / "type"),
                     byte_count(first_line(folder / "size")), bit_count(first_line(folder / "shared_cpu_map"))});
  }
}

}  // namespace qkv::tools
