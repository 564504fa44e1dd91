// SPDX-License-Identifier: Apache-2.0
#include "problems/models.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>

#include "problems/shape_file.hpp"
#include "text/quote.hpp"

namespace qkv::bench {
namespace {

std::string names() {
  std::vector<std::string_view> all;
  for (const Model& model : models()) all.push_back(model.name);
  return fmt::format("{}", fmt::join(all, ", "));
}

std::vector<Problem> load_all() {
  std::vector<std::string> all;
  for (const Model& model : models()) all.emplace_back(model.name);
  return load_shapes(all);
}

}  // namespace

std::vector<Problem> load_shapes(const std::string& model_or_file) {
  if (model_or_file == "all") return load_all();
  const auto model = std::ranges::find(models(), model_or_file, &Model::name);
  if (model != models().end()) return parse_shapes(model->text, model_or_file + ".txt");
  std::ifstream file(model_or_file, std::ios::binary);
  if (!file.is_open() || std::filesystem::is_directory(model_or_file)) {
    throw std::runtime_error(fmt::format("--shapes {}: no readable file, and none of the models {}, all",
                                         tools::quote(model_or_file), names()));
  }
  return parse_shapes(std::string{std::istreambuf_iterator<char>(file), {}}, model_or_file);
}

std::vector<Problem> load_shapes(const std::vector<std::string>& models_or_files) {
  std::vector<Problem> problems;
  std::map<std::string, size_t> places;  // of each name
  for (const std::string& source : models_or_files) {
    for (const Problem& problem : load_shapes(source)) {
      const auto [place, is_new] = places.emplace(name_of(problem.shape), problems.size());
      if (is_new) problems.push_back(problem);
      problems[place->second].quick |= problem.quick;
    }
  }
  return problems;
}

}  // namespace qkv::bench
