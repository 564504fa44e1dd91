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

// Operands and workspace of calls that differ in their plans only.
template <class Operands>
struct Stage {
  using Args = decltype(std::declval<Operands>().args());

  Stage(const Operands& operands, int64_t count) : copies(static_cast<size_t>(count), operands) {
    for (Operands& copy : copies) args.push_back(copy.args());
  }

  void need_workspace(size_t bytes) {
    const auto count = static_cast<int64_t>(bytes / sizeof(float)) + 1;
    if (count > static_cast<int64_t>(workspace.size())) workspace = Floats::filled(count, 0);
  }

  std::vector<Operands> copies;
  std::vector<Args> args;  // of each copy
  Floats workspace;
  size_t next = 0;
};

template <class Args>
qkv_plan plan_of(Args args, const qkv_tuning* tuning) {
  if constexpr (requires { args.tuning; }) args.tuning = tuning;
  qkv_plan plan;
  qkv::check(Operation<Args>::plan(&args, &plan));
  return plan;
}

template <class Operands>
class CallOf : public PreparedCall {
  using Args = typename Stage<Operands>::Args;

 public:
  CallOf(const std::shared_ptr<Stage<Operands>>& stage, const Team& team, const qkv_tuning* tuning)
      : stage_(stage),
        team_(team),
        plan_(plan_of(stage->args.front(), tuning)),
        facts_(qkv_plan_describe(&plan_, team.threads())) {
    stage_->need_workspace(facts_.workspace_bytes);
  }

  void call() override {
    current_ = &stage_->args[stage_->next];
    stage_->next = stage_->next + 1 == stage_->args.size() ? 0 : stage_->next + 1;
    if (team_.threads() == 1) return run_tasks(this, 0, facts_.task_count, 0), throw_failure();
    if constexpr (std::is_same_v<Args, qkv_attention_args>) {
      Floats& workspace = stage_->workspace;
      const auto bytes = static_cast<size_t>(workspace.size()) * sizeof(float);
      return qkv::check(qkv_attention_run_all(&plan_, current_, &team_.pool(), workspace.data(), bytes));
    }
    team_.pool().parallel_for(team_.pool().context, facts_.task_count, run_tasks, this);
    throw_failure();
  }

  Verdict check() override {
    Operands& first = stage_->copies.front();
    first.output().fill(std::numeric_limits<float>::quiet_NaN());  // shows what is not written
    stage_->next = 0;
    call();
    Verdict verdict = find_unwritten(first.output());
    verdict.merge(first.verdict());
    return verdict;
  }

  std::string kernel() const override { return facts_.kernel; }
  double planned_flops() const override { return facts_.flops; }
  const qkv_plan& plan() const override { return plan_; }

  std::unique_ptr<PreparedCall> tuned(const qkv_tuning& tuning) const override {
    return std::make_unique<CallOf>(stage_, team_, &tuning);
  }

 private:
  static void run_tasks(void* self, int64_t first_task, int64_t last_task, int32_t worker) {
    auto& call = *static_cast<CallOf*>(self);
    void* workspace = call.stage_->workspace.data();
    const qkv_status status =
        Operation<Args>::run(&call.plan_, call.current_, first_task, last_task, worker, workspace);
    if (status != QKV_OK) call.failure_ = status;
  }

  void throw_failure() const {
    if (failure_ != QKV_OK) throw Error(failure_, qkv_error_message());
  }

  std::shared_ptr<Stage<Operands>> stage_;
  const Team& team_;
  qkv_plan plan_;
  qkv_plan_facts facts_;
  const Args* current_ = nullptr;
  std::atomic<qkv_status> failure_{QKV_OK};
};

template <class Operands>
std::unique_ptr<PreparedCall> make_call(const Operands& operands, const Preparation& preparation) {
  const auto stage = std::make_shared<Stage<Operands>>(operands, preparation.copies);
  return std::make_unique<CallOf<Operands>>(stage, preparation.team, nullptr);
}

}  // namespace qkv::bench
