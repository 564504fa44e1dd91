// SPDX-License-Identifier: Apache-2.0
#include "api/hostile.hpp"

#include <sstream>

namespace qkv_test {

bool names_argument(const std::string& message, const std::string& alternatives) {
  if (message.empty()) return false;
  std::istringstream names(alternatives);
  bool found = alternatives.empty();
  for (std::string name; std::getline(names, name, '|');) found = found || message.find(name) != std::string::npos;
  return found;
}

}  // namespace qkv_test
