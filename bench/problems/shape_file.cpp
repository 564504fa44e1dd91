// SPDX-License-Identifier: Apache-2.0
#include "problems/shape_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <sstream>

#include "problems/fields.hpp"
#include "text/quote.hpp"

namespace qkv::bench {
namespace {

using tools::quote;

// The words of a line that no field has taken yet.
using Words = std::map<std::string, std::string, std::less<>>;

std::string list(std::span<const char* const> choices) {
  return fmt::format("{}", fmt::join(choices, ", "));
}

int64_t choice(const Field& field, const std::string& text) {
  const auto found = std::ranges::find(field.choices, text);
  if (found != field.choices.end()) return found - field.choices.begin();
  throw ShapeError(fmt::format("{}={}: must be one of {}", field.word, quote(text), list(field.choices)));
}

int64_t number(const Field& field, const std::string& text) {
  int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc() && stop == end && value >= field.least && value <= field.most) return value;
  throw ShapeError(
      fmt::format("{}={}: must be a whole number from {} to {}", field.word, quote(text), field.least, field.most));
}

void take(Words& words, const Field& field) {
  const auto word = words.find(field.word);
  if (word == words.end()) {
    if (!field.otherwise) throw ShapeError(fmt::format("{} is missing", field.word));
    field.value = *field.otherwise;
    return;
  }
  field.value = field.choices.empty() ? number(field, word->second) : choice(field, word->second);
  words.erase(word);
}

template <class Sizes>
Shape read_sizes(Words& words) {
  Sizes sizes;
  visit_fields(sizes, [&words](const Field& field) { take(words, field); });
  return sizes;
}

template <size_t index = 0>
Shape read_shape(const std::string& operation, Words& words) {
  if constexpr (index == std::variant_size_v<Shape>) {
    throw ShapeError(fmt::format("{}: no such operation", quote(operation)));
  } else {
    using Sizes = std::variant_alternative_t<index, Shape>;
    return operation == operation_of(Sizes{}) ? read_sizes<Sizes>(words) : read_shape<index + 1>(operation, words);
  }
}

void add_word(const std::string& text, Words& words) {
  const size_t sign = text.find('=');
  const std::string word = text.substr(0, sign);
  if (sign == std::string::npos) throw ShapeError(fmt::format("{}: must be word=value", quote(text)));
  if (!words.emplace(word, text.substr(sign + 1)).second) throw ShapeError(fmt::format("{}: given twice", quote(word)));
}

}  // namespace

Problem parse_problem(std::string_view line) {
  std::istringstream stream{std::string(line)};
  std::string operation;
  stream >> operation;
  Words words;
  bool quick = false;
  for (std::string text; stream >> text;) {
    if (quick) throw ShapeError(fmt::format("{}: nothing may follow quick", quote(text)));
    quick = text == "quick";
    if (!quick) add_word(text, words);
  }
  Problem problem{read_shape(operation, words), quick};
  if (!words.empty()) throw ShapeError(fmt::format("{}: {} has no such word", quote(words.begin()->first), operation));
  if (const std::string fault = fault_of(problem.shape); !fault.empty()) throw ShapeError(fault);
  return problem;
}

std::vector<Problem> parse_shapes(std::string_view text, const std::string& file) {
  std::vector<Problem> problems;
  std::map<std::string, int> lines;  // of each name
  std::istringstream stream{std::string(text)};
  int number = 0;
  for (std::string line; std::getline(stream, line);) {
    number++;
    line.resize(std::min(line.size(), line.find('#')));
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    try {
      problems.push_back(parse_problem(line));
      const auto [first, is_new] = lines.emplace(name_of(problems.back().shape), number);
      if (!is_new) throw ShapeError(fmt::format("the same problem as in line {}", first->second));
    } catch (const ShapeError& error) {
      throw ShapeError(fmt::format("{}:{}: {}", file, number, error.what()));
    }
  }
  if (problems.empty()) throw ShapeError(fmt::format("{}: has no problems", file));
  return problems;
}

}  // namespace qkv::bench
