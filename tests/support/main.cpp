// SPDX-License-Identifier: Apache-2.0
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>

#include "support/random.hpp"
#include "support/tiers.hpp"

int main(int argc, char** argv) {
  const qkv_test::TierReport& report = qkv_test::tier_report();
  std::printf("%s; QKV_TEST_SEED=%llu\n", qkv_test::summary(report).c_str(),
              static_cast<unsigned long long>(qkv_test::base_seed()));
  std::fflush(stdout);
  const std::vector<std::string> missing = qkv_test::missing_tiers(report);
  for (const std::string& name : missing) std::printf("FAILED: QKV_REQUIRE_ISAS asks for %s\n", name.c_str());
  const int result = doctest::Context(argc, argv).run();
  return missing.empty() ? result : 1;
}
