// SPDX-License-Identifier: Apache-2.0
// Prefill of one head on one core: useful work is 2 (key dim + value dim) flops per visible (query, key) pair.
#include <fmt/format.h>

#include "measure.hpp"

namespace qkv::bench {
namespace {

struct Shape {
  int64_t rows, head_dim;
  bool causal;
};

void attention(benchmark::State& state, const char* isa, Shape shape) {
  qkv_isa_set_max(isa);
  const int64_t extents[] = {1, 1, shape.rows, shape.head_dim};
  Floats query(shape.rows * shape.head_dim), key(shape.rows * shape.head_dim), value(shape.rows * shape.head_dim);
  Floats output(shape.rows * shape.head_dim);
  qkv_attention_args args{};
  args.size = sizeof args;
  args.query = qkv_tensor_f32(query.data(), 4, extents);
  args.key = qkv_tensor_f32(key.data(), 4, extents);
  args.value = qkv_tensor_f32(value.data(), 4, extents);
  args.output = qkv_tensor_f32(output.data(), 4, extents);
  args.causal = shape.causal ? 1 : 0;
  qkv_plan plan;
  if (qkv_attention_plan(&args, &plan) != QKV_OK) return state.SkipWithError(qkv_error_message());
  const qkv_plan_facts facts = qkv_plan_describe(&plan, 1);
  std::vector<std::byte> workspace(facts.workspace_bytes);
  measure(state, plan, isa, [&] { return qkv_attention_run(&plan, &args, 0, facts.task_count, 0, workspace.data()); });
}

}  // namespace

void register_attention() {
  for (const char* isa : supported_isas()) {
    for (const int64_t head_dim : {32, 64, 128}) {
      for (const int64_t rows : {128, 512, 2048}) {
        for (const bool causal : {false, true}) {
          const Shape shape{rows, head_dim, causal};
          const std::string name =
              fmt::format("attention/{}/rows:{}/dim:{}/{}", isa, rows, head_dim, causal ? "causal" : "full");
          benchmark::RegisterBenchmark(name.c_str(), attention, isa, shape)->UseRealTime();
        }
      }
    }
  }
}

}  // namespace qkv::bench
