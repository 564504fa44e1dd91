// SPDX-License-Identifier: Apache-2.0
// FLOP/s of the best loop of multiply-adds, of floats or of bytes, that a tier's instructions allow.
#pragma once

#include "limits/fma_loops.hpp"
#include "limits/limit.hpp"

namespace qkv::bench {

class FmaLimit : public Limit {
 public:
  FmaLimit(std::vector<FmaLoop> loops, const Team& team);

 private:
  size_t loop_count() const override { return loops_.size(); }
  double rate_of(size_t loop) override;

  std::vector<FmaLoop> loops_;
  int64_t iterations_ = 1000;
};

}  // namespace qkv::bench
