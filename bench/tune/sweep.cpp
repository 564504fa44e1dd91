// SPDX-License-Identifier: Apache-2.0
#include "tune/sweep.hpp"

#include <algorithm>

#include "command/interrupt.hpp"
#include "qkv/isa.h"
#include "tune/best_for_all.hpp"

namespace qkv::bench {
namespace {

Space space_for(const std::vector<TuningField>& fields, bool is_matmul) {
  Space space;
  std::ranges::copy_if(fields, std::back_inserter(space.fields),
                       [=](const TuningField& field) { return field.of_matmul == is_matmul; });
  return space;
}

int all_candidates(const TuneOptions& options) {
  int count = 0;
  for (const ShapeClass& one : options.classes) count += candidates_at_most(space_for(options.fields, one.is_matmul));
  return count * static_cast<int>(options.settings.size());
}

// The tunings that are a real gain to some class, each once.
std::vector<qkv_tuning> gainful_tunings(const TierResult& tier, bool of_matmul) {
  std::vector<qkv_tuning> tunings;
  for (const ClassResult& result : tier.classes) {
    const Found& found = result.found;
    if (result.shape_class.is_matmul != of_matmul || !found.gain || !found.gain->is_real()) continue;
    const bool is_known = std::ranges::any_of(tunings, [&](const qkv_tuning& one) { return same(one, found.tuning); });
    if (!is_known) tunings.push_back(found.tuning);
  }
  return tunings;
}

void take_fields(const qkv_tuning& from, qkv_tuning& to) {
  for (const TuningField& field : tuning_fields()) {
    if (from.*field.value != 0) to.*field.value = from.*field.value;
  }
}

}  // namespace

Sweep::Sweep(const TuneOptions& options, std::FILE* progress)
    : options_(options),
      trial_{options.quick ? least_kept : 11, options.quick ? 0.5 : 2, interrupted},
      confirmation_{options.quick ? 11 : 31, options.quick ? 1.0 : 6, interrupted},
      progress_(progress, all_candidates(options)) {}

TuneResults Sweep::run() {
  for (const Setting& setting : options_.settings) {
    if (!interrupted()) results_.tiers.push_back(run_tier(setting));
  }
  results_.interrupted = interrupted();
  return std::move(results_);
}

TierResult Sweep::run_tier(const Setting& setting) {
  qkv_isa_set_max(setting.isa.c_str());
  TierResult tier{setting, {}};
  std::vector<ClassTrial> trials;
  for (const ShapeClass& shape_class : options_.classes) {
    if (interrupted()) break;
    progress_.begin(setting.isa + " " + shape_class.name, candidates_at_most(space_of(shape_class)));
    trials.emplace_back(shape_class, setting, limits_);
    tier.classes.push_back(run_class(shape_class, trials.back()));
    progress_.end(summary_of(tier.classes.back()));
  }
  for (const bool of_matmul : {false, true}) choose_for_all(tier, trials, of_matmul);
  for (const ClassTrial& trial : trials) {
    results_.wrong.insert(results_.wrong.end(), trial.wrong().begin(), trial.wrong().end());
  }
  qkv_isa_set_max(nullptr);
  return tier;
}

Space Sweep::space_of(const ShapeClass& shape_class) const {
  return space_for(options_.fields, shape_class.is_matmul);
}

Trial Sweep::counted(ClassTrial& trial, const Effort& effort) {
  return [this, &trial, &effort](const qkv_tuning& tuning) {
    progress_.candidate(words_of(tuning));
    return trial.compare(tuning, effort);
  };
}

ClassResult Sweep::run_class(const ShapeClass& shape_class, ClassTrial& trial) {
  ClassResult result{shape_class, {}, {}, ""};
  if (!trial.measure_default(trial_)) {
    result.note = interrupted() ? "interrupted" : trial.wrong().empty() ? "too noisy" : "wrong";
    return result;
  }
  result.base = trial.base();
  bool changed = false;
  const Trial try_one = counted(trial, trial_);
  const auto watched = [&](const qkv_tuning& tuning) {
    const std::optional<Gain> gain = try_one(tuning);
    changed = changed || gain.has_value();
    return gain;
  };
  result.found = search(space_of(shape_class), {watched, counted(trial, confirmation_), interrupted});
  if (interrupted() && !result.found.gain) {
    result.note = "interrupted";
  } else if (!changed) {
    result.note = "no field that is swept changes anything";
  }
  return result;
}

std::optional<Gain> Sweep::gain_in(const ClassResult& result, ClassTrial& trial, const qkv_tuning& tuning) {
  if (!result.base || interrupted()) return std::nullopt;
  if (same(tuning, result.found.tuning)) return result.found.gain;
  progress_.candidate(words_of(tuning));
  return trial.compare(tuning, confirmation_);
}

void Sweep::choose_for_all(TierResult& tier, std::vector<ClassTrial>& trials, bool of_matmul) {
  const std::vector<qkv_tuning> tunings = gainful_tunings(tier, of_matmul);
  std::vector<std::vector<std::optional<Gain>>> gains(tunings.size());
  for (size_t i = 0; i < tunings.size(); i++) {
    progress_.begin(tier.setting.isa + " all classes", 0);
    for (size_t place = 0; place < tier.classes.size(); place++) {
      if (tier.classes[place].shape_class.is_matmul != of_matmul) continue;
      gains[i].push_back(gain_in(tier.classes[place], trials[place], tunings[i]));
    }
    progress_.end(words_of(tunings[i]) + (of_matmul ? " for all products" : " for all attention"));
  }
  if (interrupted()) return;
  if (const auto best = best_for_all(gains)) take_fields(tunings[*best], tier.for_all);
}

}  // namespace qkv::bench
