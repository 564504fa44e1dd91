// SPDX-License-Identifier: Apache-2.0
#include "tune/search.hpp"

#include <algorithm>

namespace qkv::bench {
namespace {

class Descent {
 public:
  explicit Descent(const Measuring& measuring) : measuring_(measuring) {}

  const qkv_tuning& best() const { return best_; }

  // Whether another value is better.
  bool sweep(const TuningField& field) {
    const qkv_tuning start = best_;
    std::vector<int64_t> values = sweep_of(field);
    values.push_back(0);
    for (const int64_t value : values) {
      qkv_tuning candidate = start;
      candidate.*field.value = value;
      if (!is_tried(candidate) && !measuring_.stopped()) try_one(candidate);
    }
    return !same(start, best_);
  }

 private:
  bool is_tried(const qkv_tuning& candidate) const {
    return std::ranges::any_of(tried_, [&](const qkv_tuning& one) { return same(one, candidate); });
  }

  void try_one(const qkv_tuning& candidate) {
    tried_.push_back(candidate);
    const std::optional<Gain> gain = measuring_.trial(candidate);
    if (!gain || !gain->is_real() || gain->gain <= best_gain_) return;
    best_ = candidate;
    best_gain_ = gain->gain;
  }

  const Measuring& measuring_;
  std::vector<qkv_tuning> tried_ = {default_tuning()};
  qkv_tuning best_ = default_tuning();
  double best_gain_ = 0;
};

}  // namespace

int candidates_at_most(const Space& space) {
  int values = 0;
  for (const TuningField& field : space.fields) values += static_cast<int>(sweep_of(field).size());
  if (values == 0) return 0;
  return 1 + values * (space.fields.size() == 1 ? 1 : space.rounds);
}

Found search(const Space& space, const Measuring& measuring) {
  Descent descent(measuring);
  for (int round = 0; round < space.rounds; round++) {
    bool moved = false;
    for (const TuningField& field : space.fields) moved = descent.sweep(field) || moved;
    if (!moved) break;
  }
  if (is_default(descent.best())) return {};
  const std::optional<Gain> gain = measuring.stopped() ? std::nullopt : measuring.confirm(descent.best());
  return {descent.best(), gain};
}

}  // namespace qkv::bench
