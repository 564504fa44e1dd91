// SPDX-License-Identifier: Apache-2.0
// All classes on all tiers.
#pragma once

#include <cstdio>

#include "tune/class_trial.hpp"
#include "tune/tune_options.hpp"
#include "tune/tune_progress.hpp"
#include "tune/tune_report.hpp"

namespace qkv::bench {

class Sweep {
 public:
  Sweep(const TuneOptions& options, std::FILE* progress);

  // Ends early, with what there is, when it is interrupted.
  TuneResults run();

 private:
  TierResult run_tier(const Setting& setting);
  ClassResult run_class(const ShapeClass& shape_class, ClassTrial& trial);
  Space space_of(const ShapeClass& shape_class) const;
  Trial counted(ClassTrial& trial, const Effort& effort);

  // The best of the classes' tunings for all classes of the operation.
  void choose_for_all(TierResult& tier, std::vector<ClassTrial>& trials, bool of_matmul);
  std::optional<Gain> gain_in(const ClassResult& result, ClassTrial& trial, const qkv_tuning& tuning);

  const TuneOptions& options_;
  Limits limits_;
  Effort trial_, confirmation_;
  TuneProgress progress_;
  TuneResults results_;
};

}  // namespace qkv::bench
