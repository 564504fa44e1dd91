// SPDX-License-Identifier: Apache-2.0
#include "support/random.hpp"

#include <cstdlib>

namespace qkv_test {

static int64_t environment_number(const char* name, int64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr || *text == '\0' ? otherwise : std::strtoll(text, nullptr, 10);
}

uint64_t base_seed() {
  return static_cast<uint64_t>(environment_number("QKV_TEST_SEED", 1));
}

int64_t case_count(int64_t full) {
  return std::max<int64_t>(1, full * environment_number("QKV_TEST_CASES", 5000) / 5000);
}

bool brief_run() {
  return case_count(5000) < 1000;
}

}  // namespace qkv_test
