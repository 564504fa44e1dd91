// SPDX-License-Identifier: Apache-2.0
// The shape files of bench/shapes, compiled in, so that an installed program has them too.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "problems/problem.hpp"

namespace qkv::bench {

struct Model {
  std::string_view name;  // "llama3_8b", from llama3_8b.txt
  std::string_view text;
};

std::span<const Model> models();

// Problems of a model by name, of all models for "all", else of a file. Throws std::runtime_error that names it.
std::vector<Problem> load_shapes(const std::string& model_or_file);

// Those of several, each problem once.
std::vector<Problem> load_shapes(const std::vector<std::string>& models_or_files);

}  // namespace qkv::bench
