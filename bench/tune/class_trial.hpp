// SPDX-License-Identifier: Apache-2.0
// Measures tunings against the default on the problems of a class.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "measuring/repeat.hpp"
#include "tune/gain.hpp"
#include "tune/shape_class.hpp"

namespace qkv::bench {

class ClassTrial {
 public:
  // For the tier in use, which must be that of the setting.
  ClassTrial(const ShapeClass& shape_class, const Setting& setting, Limits& limits);

  // The default against itself; false if the machine is too noisy for a figure. Comes before all others.
  bool measure_default(const Effort& effort);
  const Gain& base() const { return base_; }

  // Over all shapes; those whose plan stays the same gain 0. Nothing if all do, or one has no figure. A result that is
  // wrong is never timed.
  std::optional<Gain> compare(const qkv_tuning& tuning, const Effort& effort);

  // "SHAPE, TUNING: what is wrong" of results past their allowed error.
  const std::vector<std::string>& wrong() const { return wrong_; }

 private:
  struct Member {
    std::string name;
    std::unique_ptr<PreparedCall> call;
    Bound bound;
    std::optional<Gain> base;
  };

  std::optional<Gain> measure(Member& member, PreparedCall& other, const Effort& effort);
  bool is_right(const Member& member, PreparedCall& call, const qkv_tuning& tuning);

  Setting setting_;
  Limits& limits_;
  std::vector<Member> members_;
  Gain base_;
  std::vector<std::string> wrong_;
};

}  // namespace qkv::bench
