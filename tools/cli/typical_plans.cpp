// SPDX-License-Identifier: Apache-2.0
#include "cli/typical_plans.hpp"

#include <initializer_list>

#include "model/packed_weight.hpp"
#include "qkv/qkv.hpp"

namespace qkv::tools {
namespace {

// A view of memory that nobody reads: plans look at shapes only.
qkv_tensor shaped(std::initializer_list<int64_t> shape) {
  alignas(64) static const float somewhere = 0;
  return qkv_tensor_f32(&somewhere, static_cast<int32_t>(shape.size()), shape.begin());
}

template <class Args>
TypicalPlan describe(const char* problem, const Args& args, int32_t workers) {
  qkv_plan plan;
  check(Operation<Args>::plan(&args, &plan));
  TypicalPlan typical{problem, {}, qkv_plan_describe(&plan, workers)};
  typical.kernel = typical.facts.kernel;
  typical.facts.kernel = nullptr;  // lives no longer than the plan
  return typical;
}

qkv_attention_args attention(int64_t query_heads, int64_t key_heads, int64_t queries, int64_t keys, int64_t dim) {
  auto args = make<qkv_attention_args>();
  args.query = args.output = shaped({1, query_heads, queries, dim});
  args.key = args.value = shaped({1, key_heads, keys, dim});
  return args;
}

TypicalPlan causal_prefill(int32_t workers) {
  auto args = attention(32, 8, 2048, 2048, 128);
  args.causal = 1;
  return describe("attention, causal, 2048 x 2048, 32 query and 8 key heads of 128", args, workers);
}

TypicalPlan biased_prefill(int32_t workers) {
  auto args = attention(12, 12, 128, 128, 64);
  args.bias = shaped({1, 12, 128, 128});
  return describe("attention, added bias, 128 x 128, 12 heads of 64", args, workers);
}

size_t packed_bytes(int64_t columns, int64_t depth) {
  const qkv_tensor weight = shaped({columns, depth});
  size_t bytes = 0;
  check(qkv_matmul_pack_bytes(&weight, &bytes));
  return bytes;
}

// The plan reads the header of a packed weight, so there must be one.
TypicalPlan matmul(const char* problem, int64_t rows, int64_t columns, int64_t depth, qkv_activation_kind activation,
                   int32_t workers) {
  const float zero = 0;
  const int64_t shape[] = {columns, depth};
  qkv_tensor weight = qkv_tensor_f32(&zero, 2, shape);
  weight.stride[0] = weight.stride[1] = 0;
  const AlignedBuffer packed = packed_weight(weight);
  auto args = make<qkv_matmul_args>();
  args.input = shaped({rows, depth});
  args.weight = packed.data();
  args.bias = shaped({columns});
  args.output = shaped({rows, columns});
  args.activation = activation;
  return describe(problem, args, workers);
}

void append_row_plans(std::vector<TypicalPlan>& plans, int32_t workers) {
  auto softmax = make<qkv_softmax_args>();
  softmax.input = softmax.output = shaped({512, 512});
  plans.push_back(describe("softmax, 512 rows of 512", softmax, workers));
  auto norm = make<qkv_norm_args>();
  norm.epsilon = 1e-12f;
  norm.input = norm.output = shaped({512, 384});
  plans.push_back(describe("LayerNorm, 512 rows of 384", norm, workers));
  auto activation = make<qkv_activation_args>();
  activation.kind = QKV_GELU;
  activation.input = activation.output = shaped({512, 1536});
  plans.push_back(describe("GELU, 512 rows of 1536", activation, workers));
  const int64_t ids[4] = {};
  auto embedding = make<qkv_embedding_args>();
  embedding.table = shaped({30522, 384});
  embedding.ids = ids;
  embedding.output = shaped({4, 384});
  plans.push_back(describe("embedding, 4 rows of 384", embedding, workers));
  auto position = make<qkv_position_args>();
  position.kind = QKV_POSITION_SINUSOIDAL;
  position.output = shaped({512, 384});
  plans.push_back(describe("sinusoidal positions, 512 rows of 384", position, workers));
}

}  // namespace

std::vector<TypicalPlan> typical_plans(int32_t workers) {
  std::vector<TypicalPlan> plans = {
      describe("attention, 512 x 512, 12 heads of 32", attention(12, 12, 512, 512, 32), workers),
      causal_prefill(workers),
      biased_prefill(workers),
      describe("attention, 1 x 4096, 32 query and 8 key heads of 128", attention(32, 8, 1, 4096, 128), workers),
      matmul("matmul + GELU, 512 x 1536 x 384", 512, 1536, 384, QKV_GELU, workers),
      matmul("matmul, 1 x 1024 x 1024", 1, 1024, 1024, QKV_IDENTITY, workers),
  };
  append_row_plans(plans, workers);
  return plans;
}

TileFacts tile_facts() {
  // Each unit of depth adds one row of panels to the packed weight.
  const size_t row_bytes = packed_bytes(1, 128) - packed_bytes(1, 64);
  constexpr int64_t queries = 1 << 14;
  const auto args = attention(1, 1, queries, 64, 64);
  const TypicalPlan prefill = describe("", args, 1);
  return {static_cast<int64_t>(row_bytes / 64 / sizeof(float)), queries / prefill.facts.task_count};
}

}  // namespace qkv::tools
