// SPDX-License-Identifier: Apache-2.0
// QKV_MAX_ISA, of which a process sees one value: Meson runs this program with several.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "qkv/qkv.h"

namespace {

std::string cap_of_process() {
  const char* cap = std::getenv("QKV_MAX_ISA");
  return cap == nullptr ? "" : cap;
}

// The best tier that this machine runs, up to and with the named one; without a name the best of all, `generic` if no
// tier has the name.
std::string best_up_to(const std::string& cap) {
  std::string best = "generic", best_below;
  for (int32_t i = 0; const qkv_isa_description* tier = qkv_isa_at(i); i++) {
    if (tier->supported != 0) best = tier->name;
    if (tier->name == cap) best_below = best;
  }
  if (cap.empty()) return best;
  return best_below.empty() ? "generic" : best_below;
}

std::string lower_of(const std::string& a, const std::string& b) {
  for (int32_t i = 0; const qkv_isa_description* tier = qkv_isa_at(i); i++) {
    if (tier->name == a || tier->name == b) return tier->name;
  }
  return "";
}

// Where a tier has its rows' kernels from.
std::string rows_of(const std::string& tier) {
  return tier == "avx512_bf16" ? "avx512" : tier;
}

std::string tier_of_a_plan() {
  const float element = 1;
  const int64_t shape[] = {1, 1};
  qkv_activation_args args = {};
  args.size = sizeof args;
  args.input = args.output = qkv_tensor_f32(&element, 2, shape);
  qkv_plan plan;
  REQUIRE(qkv_activation_plan(&args, &plan) == QKV_OK);
  const std::string kernel = qkv_plan_describe(&plan, 1).kernel;
  return kernel.substr(kernel.find('@') + 1);
}

}  // namespace

TEST_CASE("QKV_MAX_ISA: caps the tier, and what names none leaves generic") {
  CHECK(qkv_isa_active() == best_up_to(cap_of_process()));
  CHECK(tier_of_a_plan() == rows_of(best_up_to(cap_of_process())));
}

TEST_CASE("QKV_MAX_ISA: no call lifts it") {
  const std::string capped = best_up_to(cap_of_process());
  std::vector<const char*> lifts{nullptr, ""};
  for (int32_t i = 0; const qkv_isa_description* tier = qkv_isa_at(i); i++) lifts.push_back(tier->name);
  for (const char* lift : lifts) {
    REQUIRE(qkv_isa_set_max("generic") == QKV_OK);
    CHECK(tier_of_a_plan() == "generic");
    REQUIRE(qkv_isa_set_max(lift) == QKV_OK);
    CHECK(tier_of_a_plan() == rows_of(lower_of(capped, best_up_to(lift == nullptr ? "" : lift))));
  }
}

TEST_CASE("QKV_MAX_ISA: is read once") {
  const std::string before = qkv_isa_active();
  REQUIRE(setenv("QKV_MAX_ISA", before == "generic" ? "" : "generic", 1) == 0);
  CHECK(qkv_isa_active() == before);
}
