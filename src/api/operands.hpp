// SPDX-License-Identifier: Apache-2.0
// The tensors of an operation as a list, so that checks are written once for all operations.
#pragma once

#include "api/regions.hpp"

namespace qkv {

struct Operand {
  ViewRule rule;
  const qkv_tensor* planned;  // the view itself, or where a plan keeps its layout
  qkv_tensor* view;
  bool in_place;  // an output may be this very view
};

struct Operands {
  Operand list[8];
  int count;

  const Operand* begin() const { return list; }
  const Operand* end() const { return list + count; }
};

// In the order in which they are checked: first those whose shape the others must have.
template <class Args>
struct OperandsOf : Operands {
  const Args& planned;
  Args& args;

  OperandsOf(const Args& planned_args, Args& own_args) : planned(planned_args), args(own_args) { count = 0; }
  void add(qkv_tensor Args::*view, const ViewRule& rule, bool in_place = false) {
    const bool absent = !present(planned.*view) && !present(args.*view) && is_optional(rule.role);
    if (absent) return;
    list[count++] = {rule, &(planned.*view), &(args.*view), in_place};
  }
};

// For a plan, everything but the data; rewrites the views into plain form.
qkv_status check_forms(const Operands& operands);
// For a run, the same, and that the views are as planned.
qkv_status check_layouts(const Operands& operands);
// Pointers, and that no output shares an element with another operand unless it is computed in place.
qkv_status check_memory(const Operands& operands);

void forget_data(const Operands& operands);

// Bytes that a row-wise operation reads and writes at least once; of a table no more than `rows` rows.
double bytes_of(const Operands& operands, int64_t rows);

}  // namespace qkv
