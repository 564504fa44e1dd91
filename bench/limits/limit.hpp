// SPDX-License-Identifier: Apache-2.0
// The measured limits of this machine: arithmetic per tier, reads per cache level, on one thread or several at once.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "limits/team.hpp"

namespace qkv::bench {

class Limit {
 public:
  explicit Limit(const Team& team) : team_(team) {}
  virtual ~Limit() = default;
  Limit(const Limit&) = delete;
  Limit& operator=(const Limit&) = delete;

  // FLOP/s or bytes/s of all threads together, from a loop of about half a millisecond.
  double measure();
  // The best rate that was reached twice: two measurements in a row, or two of one loop in the calibration. A single
  // burst (memory that nobody else in the building uses for half a millisecond) is no limit.
  double best() const { return best_; }
  int threads() const { return team_.threads(); }

 protected:
  // Tries all loops and keeps the best. Derived classes call it when they are complete.
  void calibrate();
  const Team& team() const { return team_; }

 private:
  virtual size_t loop_count() const = 0;
  virtual double rate_of(size_t loop) = 0;

  const Team& team_;
  size_t loop_ = 0;
  double best_ = 0, last_ = 0;
};

// "fma avx512" and so on for tiers, "dot avx512" for those with products of bytes, "read L1", "read L2", "read L3",
// "read DRAM" for levels that the machine has. Throws std::invalid_argument for other names.
std::unique_ptr<Limit> make_limit(const std::string& name, const Team& team);

// The limits of a run. Each is calibrated when it is first asked for.
class Limits {
 public:
  Limit& get(const std::string& name, int threads);
  const Team& team(int threads);
  // Best rates by name and threads.
  std::map<std::string, std::map<int, double>> best() const;

 private:
  std::map<int, std::unique_ptr<Team>> teams_;
  std::map<std::pair<std::string, int>, std::unique_ptr<Limit>> limits_;
};

}  // namespace qkv::bench
