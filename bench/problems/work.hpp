// SPDX-License-Identifier: Apache-2.0
// What a problem costs at least, from its sizes alone: no engine is asked, so all are judged alike.
#pragma once

#include "problems/problem.hpp"

namespace qkv::bench {

struct Work {
  double flops;           // useful ones: attention counts visible (query, key) pairs only
  double bytes;           // of operands that must be read or written once
  double operand_bytes;   // of all operands, also of what no row sees
  bool of_bytes = false;  // products may be those of bytes
};

// A block of a weight in weight_formats[format] of fields.hpp. What a K format's scales take depends on who packs: the
// file's size counts.
struct WeightFacts {
  int64_t elements, bytes;
};

WeightFacts weight_facts(int64_t format);

Work work_of(const Shape& shape);

// Keys that a query row sees: [begin, end).
struct VisibleKeys {
  int64_t begin, end;
};

VisibleKeys visible_keys(const Attention& shape, int64_t row);

}  // namespace qkv::bench
