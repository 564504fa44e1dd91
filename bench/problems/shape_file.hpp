// SPDX-License-Identifier: Apache-2.0
// Shape files: one problem per line, `operation word=value ... [quick]`; # begins a comment.
//
//   attention heads=32 kv_heads=8 queries=2048 head_dim=128 causal=1   quick
//
// A line's words are those of problems/fields.hpp, in any order.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "problems/problem.hpp"

namespace qkv::bench {

// what() is "FILE:LINE: " and what is wrong with which word.
class ShapeError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// One problem, such as "softmax rows=4 columns=9 quick". Throws ShapeError without file and line.
Problem parse_problem(std::string_view line);

// All problems of a text; `file` is for errors. No two lines may mean the same problem.
std::vector<Problem> parse_shapes(std::string_view text, const std::string& file);

}  // namespace qkv::bench
