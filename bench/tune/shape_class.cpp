// SPDX-License-Identifier: Apache-2.0
#include "tune/shape_class.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <stdexcept>

#include "problems/models.hpp"
#include "problems/shape_file.hpp"
#include "text/quote.hpp"

namespace qkv::bench {
namespace {

struct NamedLines {
  const char* name;
  std::vector<const char*> lines;
};

const std::vector<NamedLines>& class_lines() {
  static const std::vector<NamedLines> all = {
      {"prefill_short",
       {"attention heads=4 queries=128 head_dim=64", "attention heads=4 queries=77 head_dim=64",
        "attention heads=2 queries=256 head_dim=64"}},
      {"prefill_long", {"attention heads=1 queries=2048 head_dim=64", "attention heads=1 queries=1000 head_dim=80"}},
      {"causal",
       {"attention heads=1 queries=2048 head_dim=64 causal=1", "attention heads=4 queries=512 head_dim=64 causal=1",
        "attention heads=8 kv_heads=2 queries=256 keys=1024 head_dim=64 causal=1 position=768"}},
      {"small_head_dim", {"attention heads=4 queries=512 head_dim=32", "attention heads=4 queries=1024 head_dim=16"}},
      {"large_head_dim",
       {"attention heads=1 queries=1024 head_dim=128", "attention heads=1 queries=1024 head_dim=128 causal=1",
        "attention heads=1 queries=1024 head_dim=256"}},
      {"decode",
       {"attention heads=8 queries=1 keys=4096 head_dim=128",
        "attention heads=8 kv_heads=1 queries=1 keys=4096 head_dim=128",
        "attention heads=8 kv_heads=2 queries=4 keys=2048 head_dim=64 causal=1 position=2044"}},
      {"few_rows",
       {"attention heads=4 queries=12 keys=2048 head_dim=64 causal=1 position=2036",
        "attention heads=8 kv_heads=2 queries=16 keys=2048 head_dim=128 causal=1 position=2032"}},
      {"square", {"matmul m=512 n=512 k=512", "matmul m=1024 n=1024 k=1024", "matmul m=197 n=768 k=768"}},
      {"wide", {"matmul m=8 n=4096 k=1024", "matmul m=1 n=4096 k=1024", "matmul m=32 n=3072 k=768"}},
      {"tall", {"matmul m=4096 n=256 k=256", "matmul m=2048 n=384 k=384"}},
      {"deep", {"matmul m=256 n=256 k=8192", "matmul m=128 n=768 k=3072"}},
  };
  return all;
}

ShapeClass class_of(const NamedLines& named) {
  ShapeClass one{named.name, false, {}};
  for (const char* line : named.lines) one.shapes.push_back(parse_problem(line).shape);
  one.is_matmul = std::holds_alternative<Matmul>(one.shapes.front());
  return one;
}

template <class Sizes>
void append_part(const std::string& word, const std::vector<Problem>& problems, std::vector<ShapeClass>& classes) {
  ShapeClass part{fmt::format("{} {}", word, operation_of(Sizes{})), std::is_same_v<Sizes, Matmul>, {}};
  for (const Problem& problem : problems) {
    if (std::holds_alternative<Sizes>(problem.shape)) part.shapes.push_back(problem.shape);
  }
  if (!part.shapes.empty()) classes.push_back(std::move(part));
}

void append_classes(const std::string& word, std::vector<ShapeClass>& classes) {
  const auto named = std::ranges::find(class_lines(), word, &NamedLines::name);
  if (named != class_lines().end()) return classes.push_back(class_of(*named));
  const size_t before = classes.size();
  const std::vector<Problem> problems = load_shapes(word);
  append_part<Attention>(word, problems, classes);
  append_part<Matmul>(word, problems, classes);
  if (classes.size() > before) return;
  throw std::runtime_error(fmt::format("--shapes {}: has neither attention nor matmul", tools::quote(word)));
}

}  // namespace

std::vector<std::string> class_names() {
  std::vector<std::string> names;
  for (const NamedLines& named : class_lines()) names.emplace_back(named.name);
  return names;
}

std::vector<ShapeClass> chosen_classes(const std::vector<std::string>& words, bool quick) {
  std::vector<ShapeClass> classes;
  std::vector<std::string> seen;
  for (const std::string& word : words.empty() ? class_names() : words) {
    if (std::ranges::find(seen, word) == seen.end()) append_classes(word, classes);
    seen.push_back(word);
  }
  for (ShapeClass& one : classes) {
    if (quick) one.shapes.resize(1);
  }
  return classes;
}

}  // namespace qkv::bench
