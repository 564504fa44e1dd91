// SPDX-License-Identifier: Apache-2.0
// Which measured limit bounds a problem (Williams et al. 2009, the roofline model): arithmetic, or reading its bytes
// from the level of memory that they lie in.
#pragma once

#include "limits/limit.hpp"
#include "problems/work.hpp"

namespace qkv::bench {

struct Setting {
  std::string isa;
  int threads = 1;
  bool cold = false;  // operands come from DRAM
};

struct Bound {
  std::string limit_name;
  double work;       // in the limit's unit: flops or bytes
  const char* unit;  // "FLOP/s" or "bytes/s"
};

Bound bound_of(const Work& work, const Setting& setting, Limits& limits);

}  // namespace qkv::bench
