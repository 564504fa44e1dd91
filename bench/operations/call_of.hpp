// SPDX-License-Identifier: Apache-2.0
// PreparedCall for the operands of one operation. Operands is a struct with
//   Args args()              views of its buffers, as args of the operation
//   Floats& output()
//   Verdict verdict() const  the output against double precision
#pragma once

#include <atomic>
#include <limits>
#include <utility>
#include <vector>

#include "operations/floats.hpp"
#include "operations/prepared_call.hpp"
#include "qkv/qkv.hpp"

namespace qkv::bench {

template <class Operands>
class CallOf : public PreparedCall {
  using Args = decltype(std::declval<Operands>().args());

 public:
  CallOf(const Operands& operands, const Preparation& preparation)
      : team_(preparation.team), copies_(static_cast<size_t>(preparation.copies), operands) {
    for (Operands& copy : copies_) args_.push_back(copy.args());
    qkv::check(Operation<Args>::plan(&args_.front(), &plan_));
    facts_ = qkv_plan_describe(&plan_, team_.threads());
    workspace_ = Floats::filled(static_cast<int64_t>(facts_.workspace_bytes / sizeof(float)) + 1, 0);
  }

  void call() override {
    current_ = &args_[next_];
    next_ = next_ + 1 == args_.size() ? 0 : next_ + 1;
    if (team_.threads() == 1) return run_tasks(this, 0, facts_.task_count, 0), throw_failure();
    team_.pool().parallel_for(team_.pool().context, facts_.task_count, run_tasks, this);
    throw_failure();
  }

  Verdict check() override {
    copies_.front().output().fill(std::numeric_limits<float>::quiet_NaN());  // shows what is not written
    next_ = 0;
    call();
    Verdict verdict = find_unwritten(copies_.front().output());
    verdict.merge(copies_.front().verdict());
    return verdict;
  }

  std::string kernel() const override { return facts_.kernel; }
  double planned_flops() const override { return facts_.flops; }

 private:
  static void run_tasks(void* self, int64_t first_task, int64_t last_task, int32_t worker) {
    auto& call = *static_cast<CallOf*>(self);
    void* workspace = call.workspace_.data();
    const qkv_status status =
        Operation<Args>::run(&call.plan_, call.current_, first_task, last_task, worker, workspace);
    if (status != QKV_OK) call.failure_ = status;
  }

  void throw_failure() const {
    if (failure_ != QKV_OK) throw Error(failure_, qkv_error_message());
  }

  const Team& team_;
  std::vector<Operands> copies_;
  std::vector<Args> args_;  // of each copy
  qkv_plan plan_;
  qkv_plan_facts facts_;
  Floats workspace_;
  size_t next_ = 0;
  const Args* current_ = nullptr;
  std::atomic<qkv_status> failure_{QKV_OK};
};

template <class Operands>
std::unique_ptr<PreparedCall> make_call(const Operands& operands, const Preparation& preparation) {
  return std::make_unique<CallOf<Operands>>(operands, preparation);
}

}  // namespace qkv::bench
