// SPDX-License-Identifier: Apache-2.0
#include "tune/class_trial.hpp"

#include <fmt/format.h>

#include <array>
#include <cstring>

#include "problems/work.hpp"
#include "tune/tuning_fields.hpp"

namespace qkv::bench {
namespace {

bool same_plan(const PreparedCall& one, const PreparedCall& other) {
  return std::memcmp(&one.plan(), &other.plan(), sizeof(qkv_plan)) == 0;
}

}  // namespace

ClassTrial::ClassTrial(const ShapeClass& shape_class, const Setting& setting, Limits& limits)
    : setting_(setting), limits_(limits) {
  for (const Shape& shape : shape_class.shapes) {
    members_.push_back({name_of(shape), prepare(shape, {limits.team(setting.threads)}),
                        bound_of(work_of(shape), setting, limits), std::nullopt});
  }
}

bool ClassTrial::measure_default(const Effort& effort) {
  std::vector<Gain> gains;
  for (Member& member : members_) {
    if (!is_right(member, *member.call, default_tuning())) return false;
    member.base = measure(member, *member.call, effort);
    if (!member.base) return false;
    gains.push_back(*member.base);
  }
  base_ = mean_of(gains);
  return true;
}

std::optional<Gain> ClassTrial::compare(const qkv_tuning& tuning, const Effort& effort) {
  std::vector<Gain> gains;
  bool changes = false;
  for (Member& member : members_) {
    const auto other = member.call->tuned(tuning);
    const bool changed = !same_plan(*member.call, *other);
    changes = changes || changed;
    if (!changed) {
      const double ratio = member.base->before;
      gains.push_back({ratio, ratio, 0, 0});
      continue;
    }
    if (!is_right(member, *other, tuning)) return std::nullopt;
    const std::optional<Gain> gain = measure(member, *other, effort);
    if (!gain) return std::nullopt;
    gains.push_back(*gain);
  }
  return changes ? std::optional(mean_of(gains)) : std::nullopt;
}

std::optional<Gain> ClassTrial::measure(Member& member, PreparedCall& other, const Effort& effort) {
  Limit& limit = limits_.get(member.bound.limit_name, setting_.threads);
  const std::array<Subject, 2> subjects = {Subject{*member.call, limit, member.bound},
                                           Subject{other, limit, member.bound}};
  const std::vector<Turn> turns = repeat_in_turns(subjects, effort);
  return gain_of(turns, limit.best());
}

bool ClassTrial::is_right(const Member& member, PreparedCall& call, const qkv_tuning& tuning) {
  const Verdict verdict = call.check();
  if (verdict.failure.empty()) return true;
  wrong_.push_back(fmt::format("{}, {}: {}", member.name, words_of(tuning), verdict.failure));
  return false;
}

}  // namespace qkv::bench
