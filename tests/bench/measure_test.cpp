// SPDX-License-Identifier: Apache-2.0
// The way from a prepared call to a row, with calls that are right, wrong or slow on purpose.
#include <doctest/doctest.h>

#include "command/measure_case.hpp"
#include "support/tiers.hpp"

using namespace qkv::bench;

namespace {

class StagedCall : public PreparedCall {
 public:
  explicit StagedCall(const Verdict& verdict) : verdict_(verdict) {}
  void call() override { calls++; }
  Verdict check() override { return verdict_; }
  std::string kernel() const override { return "staged"; }
  double planned_flops() const override { return 0; }
  const qkv_plan& plan() const override { return plan_; }
  std::unique_ptr<PreparedCall> tuned(const qkv_tuning&) const override {
    return std::make_unique<StagedCall>(verdict_);
  }

  int64_t calls = 0;

 private:
  Verdict verdict_;
  qkv_plan plan_ = {};
};

Case sample_case() {
  return {{Softmax{.rows = 8, .columns = 8}}, {qkv_test::tier_report().checked.back(), 1, false}};
}

}  // namespace

TEST_CASE("measure: a wrong result is never timed") {
  Limits limits;
  StagedCall call({.difference = 2, .magnitude = 4, .failure = "output[0] is off"});
  const Row row = measure_call(call, sample_case(), {limits, {}});
  CHECK(row.wrong);
  CHECK(row.note == "wrong: output[0] is off");
  CHECK(row.error == 0.5);
  CHECK_FALSE(row.ratio.has_value());
  CHECK_FALSE(row.rate.has_value());
  CHECK_FALSE(row.seconds.has_value());
  CHECK(call.calls == 0);
}

TEST_CASE("measure: --check-only times nothing") {
  Limits limits;
  StagedCall call({});
  const Row row = measure_call(call, sample_case(), {limits, {}, true});
  CHECK_FALSE(row.wrong);
  CHECK_FALSE(row.ratio.has_value());
  CHECK(call.calls == 0);
}

TEST_CASE("measure: repetitions are at least those asked for, and end when interrupted") {
  Limits limits;
  StagedCall call({});
  const Row row = measure_call(call, sample_case(), {limits, {.repetitions = 6}});
  CHECK(row.repetitions >= 6);
  CHECK(row.kept <= row.repetitions);
  CHECK(row.kernel == "staged");
  CHECK(row.ratio.has_value() == (row.kept >= least_kept));
  const Row cut = measure_call(call, sample_case(), {limits, {.interrupted = [] { return true; }}});
  CHECK(cut.repetitions == 0);
  CHECK(cut.note == "interrupted");
}

TEST_CASE("measure: a real case has a row with its key") {
  Limits limits;
  const Row row = measure_case(sample_case(), {limits, {}, true});
  CHECK(row.op == "softmax");
  CHECK(row.shape == "softmax rows=8 columns=8");
  CHECK(row.cache == "hot");
  CHECK(row.kernel.starts_with("softmax.f32@"));
  CHECK(row.error.value_or(1) < 1e-6);
}

TEST_CASE("measure: what the library does not support is skipped with a word") {
  Limits limits;
  Case one = sample_case();
  one.problem.shape = Attention{.queries = 8, .keys = 8, .head_dim = 8, .value_dim = 8, .causal = 1, .window = 4};
  const Row row = measure_case(one, {limits, {}, true});
  CHECK((row.note == "skipped: window=4: not supported by this library version" || row.error.value_or(1) < 1e-6));
}
