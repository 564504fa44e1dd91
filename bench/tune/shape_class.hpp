// SPDX-License-Identifier: Apache-2.0
// Groups of problems that are alike enough to share a tuning.
#pragma once

#include <string>
#include <vector>

#include "problems/problem.hpp"

namespace qkv::bench {

struct ShapeClass {
  std::string name;
  bool is_matmul;  // else attention
  std::vector<Shape> shapes;
};

// The names of the classes that qkv-tune has.
std::vector<std::string> class_names();

// Each word is a class, else a model or a shape file, whose attention and whose products are a class each; no word: all
// classes. `quick` keeps the first shape of each. Throws std::runtime_error that names the word.
std::vector<ShapeClass> chosen_classes(const std::vector<std::string>& words, bool quick);

}  // namespace qkv::bench
