// SPDX-License-Identifier: Apache-2.0
// What a problem costs at least, from its sizes alone: no engine is asked, so all are judged alike.
#pragma once

#include "problems/problem.hpp"

namespace qkv::bench {

struct Work {
  double flops;          // useful ones: attention counts visible (query, key) pairs only
  double bytes;          // of operands that must be read or written once
  double operand_bytes;  // of all operands, also of what no row sees
};

Work work_of(const Shape& shape);

// Keys that a query row sees: [begin, end).
struct VisibleKeys {
  int64_t begin, end;
};

VisibleKeys visible_keys(const Attention& shape, int64_t row);

}  // namespace qkv::bench
