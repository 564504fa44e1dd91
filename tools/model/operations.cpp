// SPDX-License-Identifier: Apache-2.0
#include "model/operations.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "model/worker_pool.hpp"

namespace qkv::tools {
namespace {

void require_ok(qkv_status status) {
  if (status != QKV_OK) throw std::runtime_error(fmt::format("{}: {}", qkv_status_text(status), qkv_error_message()));
}

}  // namespace

Operations::Operations(std::int32_t workers) : pool_(worker_pool(workers)) {}

template <typename Args>
void Operations::run(const Args& args, Plan<Args> plan, Call<Args> call) {
  qkv_plan made;
  require_ok(plan(&args, &made));
  workspace_.reserve(qkv_plan_describe(&made, worker_count()).workspace_bytes);
  require_ok(call(&args, pool_ ? &*pool_ : nullptr, workspace_.data(), workspace_.size()));
}

void Operations::run(const qkv_embedding_args& args) {
  run(args, qkv_embedding_plan, qkv_embedding);
}

void Operations::run(const qkv_position_args& args) {
  run(args, qkv_position_plan, qkv_position);
}

void Operations::run(const qkv_norm_args& args) {
  run(args, qkv_norm_plan, qkv_norm);
}

void Operations::run(const qkv_matmul_args& args) {
  run(args, qkv_matmul_plan, qkv_matmul);
}

void Operations::run(const qkv_attention_args& args) {
  run(args, qkv_attention_plan, qkv_attention);
}

}  // namespace qkv::tools
