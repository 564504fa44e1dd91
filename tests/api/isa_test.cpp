// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cstdio>
#include <string>
#include <thread>

#include "qkv/qkv.h"
#include "support/tiers.hpp"

namespace qkv_test {

TEST_CASE("isa: tiers are listed from generic upwards, with a reason where one is missing") {
  const qkv_isa_description* first = qkv_isa_at(0);
  REQUIRE(first != nullptr);
  CHECK(std::string(first->name) == "generic");
  CHECK(first->supported == 1);
  int32_t count = 0;
  for (; const qkv_isa_description* tier = qkv_isa_at(count); count++) {
    CAPTURE(std::string(tier->name));
    CHECK((tier->supported == 0 || tier->supported == 1));
    CHECK((tier->supported == 1) == std::string(tier->reason).empty());
    CHECK(tier->vector_bits >= 64);
    CHECK(tier->register_count >= 8);
  }
  CHECK(count >= 2);
  CHECK(qkv_isa_at(count + 1) == nullptr);
  CHECK(qkv_isa_at(-1) == nullptr);
  CHECK(qkv_isa_at(INT32_MAX) == nullptr);
  CHECK(qkv_isa_at(INT32_MIN) == nullptr);
}

TEST_CASE("isa: a cap lowers the active tier and is lifted by NULL or an empty name") {
  const std::string best = qkv_isa_active();
  CHECK(best == tier_report().checked.back());
  for (const char* lift : {static_cast<const char*>(nullptr), ""}) {
    REQUIRE(qkv_isa_set_max("generic") == QKV_OK);
    CHECK(std::string(qkv_isa_active()) == "generic");
    REQUIRE(qkv_isa_set_max(lift) == QKV_OK);
    CHECK(qkv_isa_active() == best);
  }
}

TEST_CASE("isa: an unknown tier is refused and changes nothing") {
  const std::string before = qkv_isa_active();
  for (const char* name : {"avx1024", "AVX2", "generic ", "avx"}) {
    CHECK(qkv_isa_set_max(name) == QKV_INVALID_ARGUMENT);
    CHECK(std::string(qkv_error_message()).find(name) != std::string::npos);
    CHECK(qkv_isa_active() == before);
  }
}

TEST_CASE("isa: a tier that this machine lacks can be the cap but never becomes active") {
  for (int32_t i = 0; const qkv_isa_description* tier = qkv_isa_at(i); i++) {
    CHECK(qkv_isa_set_max(tier->name) == QKV_OK);
    if (!tier->supported) CHECK(std::string(qkv_isa_active()) != tier->name);
  }
  qkv_isa_set_max(nullptr);
}

TEST_CASE("version: header and library agree") {
  char expected[32];
  std::snprintf(expected, sizeof expected, "%d.%d.%d", QKV_VERSION_MAJOR, QKV_VERSION_MINOR, QKV_VERSION_PATCH);
  CHECK(std::string(qkv_version()) == expected);
}

TEST_CASE("status: every status has a text, and so has nonsense") {
  for (int status = -2; status < 9; status++) {
    const char* text = qkv_status_text(static_cast<qkv_status>(status));
    REQUIRE(text != nullptr);
    CHECK(*text != '\0');
  }
}

TEST_CASE("error message: belongs to its thread") {
  CHECK(qkv_isa_set_max("mine") == QKV_INVALID_ARGUMENT);
  std::string fresh = "not empty", theirs;
  std::thread([&] {
    fresh = qkv_error_message();
    qkv_isa_set_max("theirs");
    theirs = qkv_error_message();
  }).join();
  CHECK(fresh.empty());
  CHECK(theirs.find("theirs") != std::string::npos);
  CHECK(std::string(qkv_error_message()).find("mine") != std::string::npos);
}

TEST_CASE("error message: a huge name is cut, not overrun") {
  const std::string name(100000, 'x');
  CHECK(qkv_isa_set_max(name.c_str()) == QKV_INVALID_ARGUMENT);
  CHECK(std::string(qkv_error_message()).size() < 10000);
}

TEST_CASE("tensor: qkv_tensor_f32 is contiguous and row-major") {
  const float data[24] = {};
  const int64_t shape[] = {2, 3, 4};
  const qkv_tensor view = qkv_tensor_f32(data, 3, shape);
  CHECK(view.data == data);
  CHECK(view.dtype == QKV_F32);
  CHECK(view.rank == 3);
  const int64_t strides[] = {12, 4, 1};
  for (int axis = 0; axis < 3; axis++) {
    CHECK(view.shape[axis] == shape[axis]);
    CHECK(view.stride[axis] == strides[axis]);
  }
}

TEST_CASE("tensor: hostile ranks and shapes make a view that every operation refuses") {
  const float data[1] = {};
  const int64_t huge[] = {INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX};
  CHECK(qkv_tensor_f32(data, 5, huge).rank == 0);
  CHECK(qkv_tensor_f32(data, -1, huge).rank == 0);
  CHECK(qkv_tensor_f32(data, 2, nullptr).rank == 0);
  qkv_activation_args args = {};
  args.size = sizeof args;
  args.input = args.output = qkv_tensor_f32(data, 2, huge);
  qkv_plan plan;
  CHECK(qkv_activation_plan(&args, &plan) == QKV_INVALID_ARGUMENT);
}

}  // namespace qkv_test
