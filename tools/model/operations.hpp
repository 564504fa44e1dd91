// SPDX-License-Identifier: Apache-2.0
// Calls of the library for a model that runs one operation after another: they share a pool and one growing workspace,
// and a refusal becomes an exception.
#pragma once

#include <cstdint>
#include <optional>

#include "model/aligned_buffer.hpp"
#include "qkv/qkv.h"

namespace qkv::tools {

class Operations {
 public:
  // workers: 0 means one per core.
  explicit Operations(std::int32_t workers);

  std::int32_t worker_count() const { return pool_ ? pool_->worker_count : 1; }

  void run(const qkv_embedding_args& args);
  void run(const qkv_position_args& args);
  void run(const qkv_norm_args& args);
  void run(const qkv_matmul_args& args);
  void run(const qkv_attention_args& args);

 private:
  template <typename Args>
  using Plan = qkv_status (*)(const Args*, qkv_plan*);
  template <typename Args>
  using Call = qkv_status (*)(const Args*, const qkv_pool*, void*, std::size_t);

  template <typename Args>
  void run(const Args& args, Plan<Args> plan, Call<Args> call);

  std::optional<qkv_pool> pool_;
  AlignedBuffer workspace_;
};

}  // namespace qkv::tools
