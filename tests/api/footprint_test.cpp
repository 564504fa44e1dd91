// SPDX-License-Identifier: Apache-2.0
// Calls allocate nothing and live in a small stack.
#include <doctest/doctest.h>
#include <pthread.h>

#include <functional>

#include "api/allocations.hpp"
#include "api/valid_calls.hpp"
#include "support/tiers.hpp"

namespace qkv_test {
namespace {

// Calls an operation of some size through plan, run and call, on every tier.
template <typename Check>
void for_each_call(const Check& check) {
  for_each_operation([&](const auto& operation, auto valid_call) {
    for_each_tier([&](const std::string& tier) {
      Operands operands;
      const auto args = valid_call(operands);
      qkv_plan plan;
      REQUIRE(operation.plan(&args, &plan) == QKV_OK);
      const qkv_plan_facts facts = qkv_plan_describe(&plan, 1);
      const Workspace workspace(facts.workspace_bytes);
      INFO("on ", tier, ": ", std::string(facts.kernel));
      check([&] {
        qkv_plan own_plan;
        if (operation.plan(&args, &own_plan) != QKV_OK) return false;
        if (operation.run(&own_plan, &args, 0, facts.task_count, 0, workspace.data()) != QKV_OK) return false;
        return operation.call(&args, nullptr, workspace.data(), workspace.size()) == QKV_OK;
      });
    });
  });
}

constexpr size_t stack_bytes = 256 << 10;
constexpr unsigned char paint = 0xa5;

struct OnStack {
  const std::function<bool()>& call;
  unsigned char* stack;
  bool succeeded;
  size_t depth;  // bytes below the thread function's frame that the call wrote to
};

void* run_painted(void* context) {
  auto* self = static_cast<OnStack*>(context);
  unsigned char* const frame = static_cast<unsigned char*>(__builtin_frame_address(0));
  self->succeeded = self->call();          // once, so that symbols are bound
  unsigned char* const top = frame - 512;  // our own frame and the call's
  for (unsigned char* byte = self->stack; byte < top; byte++) *const_cast<volatile unsigned char*>(byte) = paint;
  self->succeeded = self->succeeded && self->call();
  const unsigned char* deepest = self->stack;
  while (deepest < top && *deepest == paint) deepest++;
  self->depth = static_cast<size_t>(frame - deepest);
  return nullptr;
}

OnStack run_on_small_stack(const std::function<bool()>& call) {
  const GuardedMemory stack(stack_bytes, Placement::back);
  OnStack run{call, reinterpret_cast<unsigned char*>(stack.data()), false, 0};
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  REQUIRE(pthread_attr_setstack(&attributes, stack.data(), stack_bytes) == 0);
  pthread_t thread;
  REQUIRE(pthread_create(&thread, &attributes, run_painted, &run) == 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  return run;
}

}  // namespace

TEST_CASE("footprint: the counter sees allocations") {
  const int64_t before = allocation_count();
  const std::vector<int>* volatile memory = new std::vector<int>(1000);
  CHECK(allocation_count() >= before + 2);
  delete memory;
}

TEST_CASE("footprint: plan, run and call allocate nothing") {
  for_each_call([](const std::function<bool()>& call) {
    REQUIRE(call());
    const int64_t before = allocation_count();
    const bool succeeded = call();
    const int64_t after = allocation_count();
    CHECK(succeeded);
    CHECK(after == before);
  });
}

TEST_CASE("footprint: refusing a call allocates nothing") {
  qkv_attention_args args = {};
  args.size = sizeof args;
  qkv_plan plan;
  const int64_t before = allocation_count();
  const qkv_status status = qkv_attention_plan(&args, &plan);
  const int64_t after = allocation_count();
  CHECK(status == QKV_INVALID_ARGUMENT);
  CHECK(after == before);
}

// Frames are at most 16 KiB, which the build itself refuses to exceed; a whole call, frames of entry point, plan and
// kernel together, fits in twice that. Sanitizers widen frames.
TEST_CASE("footprint: a call needs less than 32 KiB of stack") {
#if defined(__SANITIZE_ADDRESS__)
  return;
#endif
  for_each_call([](const std::function<bool()>& call) {
    const OnStack run = run_on_small_stack(call);
    CHECK(run.succeeded);
    CHECK(run.depth < 32 << 10);
    CHECK(run.depth > 64);  // the paint was looked at
  });
}

}  // namespace qkv_test
