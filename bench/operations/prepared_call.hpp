// SPDX-License-Identifier: Apache-2.0
// A problem ready to run on the library: operands, plan and workspace, for the tier in use and a team of threads.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>

#include "limits/team.hpp"
#include "operations/verdict.hpp"
#include "problems/problem.hpp"
#include "qkv/tuning.h"
#include "qkv/types.h"

namespace qkv::bench {

class PreparedCall {
 public:
  PreparedCall() = default;
  virtual ~PreparedCall() = default;
  PreparedCall(const PreparedCall&) = delete;
  PreparedCall& operator=(const PreparedCall&) = delete;

  virtual void call() = 0;  // once, on the next copy of the operands
  virtual Verdict check() = 0;
  virtual std::string kernel() const = 0;  // "attention.prefill.f32.plain@avx512"
  virtual double planned_flops() const = 0;
  virtual const qkv_plan& plan() const = 0;

  // The same operands and workspace under another plan, so that two calls differ in nothing else.
  virtual std::unique_ptr<PreparedCall> tuned(const qkv_tuning& tuning) const = 0;
};

// A valid problem for which this version of the library has no kernel, or this machine no memory.
class NotSupported : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Where the calls run and on how many copies of the operands, in turns.
struct Preparation {
  const Team& team;
  int64_t copies = 1;
};

// Of limits/cold_copies.hpp. Throws NotSupported where they do not fit.
int64_t copies_that_fill_dram(const Shape& shape);

// Throws NotSupported.
std::unique_ptr<PreparedCall> prepare(const Shape& shape, const Preparation& preparation);

// One per operation, in operations/<operation>_bench.cpp.
std::unique_ptr<PreparedCall> prepare_one(const Attention& shape, const Preparation& preparation);
std::unique_ptr<PreparedCall> prepare_one(const Matmul& shape, const Preparation& preparation);
std::unique_ptr<PreparedCall> prepare_quantized(const Matmul& shape, const Preparation& preparation);
std::unique_ptr<PreparedCall> prepare_one(const Softmax& shape, const Preparation& preparation);
std::unique_ptr<PreparedCall> prepare_one(const Norm& shape, const Preparation& preparation);
std::unique_ptr<PreparedCall> prepare_one(const Activation& shape, const Preparation& preparation);
std::unique_ptr<PreparedCall> prepare_one(const Embedding& shape, const Preparation& preparation);
std::unique_ptr<PreparedCall> prepare_one(const Position& shape, const Preparation& preparation);
std::unique_ptr<PreparedCall> prepare_one(const Rope& shape, const Preparation& preparation);
std::unique_ptr<PreparedCall> prepare_one(const RopeTable& shape, const Preparation& preparation);

}  // namespace qkv::bench
