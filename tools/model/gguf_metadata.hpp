// SPDX-License-Identifier: Apache-2.0
// What a GGUF file says about its model: named values.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace qkv::tools {

// Integers of every width are int64, except for single ones beyond it; floats are double.
using GgufValue = std::variant<bool, std::int64_t, std::uint64_t, double, std::string, std::vector<bool>,
                               std::vector<std::int64_t>, std::vector<double>, std::vector<std::string>>;

// "a text", "a list of whole numbers" ...
std::string_view kind_of(const GgufValue& value);

class GgufMetadata {
 public:
  using Values = std::map<std::string, GgufValue, std::less<>>;

  const Values& values() const { return values_; }

  // False if there is a value of that name already.
  bool insert(std::string key, GgufValue value) { return values_.emplace(std::move(key), std::move(value)).second; }

  // nullptr if there is none. Throws std::runtime_error if it is of another kind.
  template <typename T>
  const T* find(std::string_view key) const {
    const auto found = values_.find(key);
    if (found == values_.end()) return nullptr;
    if (const T* value = std::get_if<T>(&found->second)) return value;
    throw std::runtime_error(
        fmt::format("{} is {}, needed is {}", key, kind_of(found->second), kind_of(GgufValue(std::in_place_type<T>))));
  }

  // Throws std::runtime_error if there is none as well.
  template <typename T>
  const T& get(std::string_view key) const {
    if (const T* value = find<T>(key)) return *value;
    throw std::runtime_error(fmt::format("there is no {}", key));
  }

 private:
  Values values_;
};

}  // namespace qkv::tools
