// SPDX-License-Identifier: Apache-2.0
// The calling thread's floating-point control word: rounding, flushing of denormals, traps.
#pragma once

#include <cstdint>
#include <vector>

namespace qkv_test {

struct FloatMode {
  const char* name = "standard";
  uint64_t bits = 0;  // exclusive-or with the standard control word
};

// Round up, flush denormals, unmask every exception, and all at once.
const std::vector<FloatMode>& unusual_float_modes();

// Without the sticky exception flags.
uint64_t float_control();

class FloatModeScope {
 public:
  explicit FloatModeScope(const FloatMode& mode);
  ~FloatModeScope();
  FloatModeScope(const FloatModeScope&) = delete;
  FloatModeScope& operator=(const FloatModeScope&) = delete;

  // The thread still has the mode that this scope set.
  bool kept() const { return float_control() == expected_; }

 private:
  uint64_t saved_;
  uint64_t expected_;
};

}  // namespace qkv_test
