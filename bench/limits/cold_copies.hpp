// SPDX-License-Identifier: Apache-2.0
// Copies of the operands, used in turns, that together are as large as the buffer of the DRAM read loop: when a copy's
// turn comes again, nothing of it is in a cache. Turns instead of a buffer that is read between the calls: no call
// needs a clock of its own, and the rest of it (code, plan, workspace) stays as warm as in a model, whose layers take
// turns with their keys and weights in the same way.
#pragma once

#include <cstdint>

#include "problems/work.hpp"

namespace qkv::bench {

struct ColdCopies {
  int64_t count;
  double bytes;  // of all
  bool fit;      // they leave three quarters of the memory, or are one
};

ColdCopies cold_copies(const Work& work);

}  // namespace qkv::bench
