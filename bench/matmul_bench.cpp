// SPDX-License-Identifier: Apache-2.0
// Prepacked matmul on one core: 2 m n k flops.
#include <fmt/format.h>

#include "measure.hpp"

namespace qkv::bench {
namespace {

struct Shape {
  int64_t m, n, k;
};

void matmul(benchmark::State& state, const char* isa, Shape shape) {
  qkv_isa_set_max(isa);
  const int64_t weight_extents[] = {shape.n, shape.k}, input_extents[] = {shape.m, shape.k};
  const int64_t output_extents[] = {shape.m, shape.n};
  Floats weight(shape.n * shape.k), input(shape.m * shape.k), output(shape.m * shape.n);
  const qkv_tensor weight_view = qkv_tensor_f32(weight.data(), 2, weight_extents);
  size_t packed_bytes = 0;
  if (qkv_matmul_pack_bytes(&weight_view, &packed_bytes) != QKV_OK) return state.SkipWithError(qkv_error_message());
  Floats packed(static_cast<int64_t>(packed_bytes / sizeof(float) + 1));
  qkv_matmul_pack(&weight_view, packed.data(), packed_bytes);
  qkv_matmul_args args{};
  args.size = sizeof args;
  args.input = qkv_tensor_f32(input.data(), 2, input_extents);
  args.weight = packed.data();
  args.output = qkv_tensor_f32(output.data(), 2, output_extents);
  qkv_plan plan;
  if (qkv_matmul_plan(&args, &plan) != QKV_OK) return state.SkipWithError(qkv_error_message());
  const int64_t tasks = qkv_plan_describe(&plan, 1).task_count;
  measure(state, plan, isa, [&] { return qkv_matmul_run(&plan, &args, 0, tasks, 0, nullptr); });
}

}  // namespace

void register_matmul() {
  constexpr Shape shapes[] = {{1024, 1024, 1024}, {128, 1152, 384}, {128, 1536, 384}, {128, 384, 1536}};
  for (const char* isa : supported_isas()) {
    for (const Shape& shape : shapes) {
      const std::string name = fmt::format("matmul/{}/m:{}/n:{}/k:{}", isa, shape.m, shape.n, shape.k);
      benchmark::RegisterBenchmark(name.c_str(), matmul, isa, shape)->UseRealTime();
    }
  }
}

}  // namespace qkv::bench
