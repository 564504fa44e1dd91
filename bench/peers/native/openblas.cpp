// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "blas.hpp"
#include "peer.hpp"

namespace qkv::peers {

void use_threads(int64_t count) {
  openblas_set_num_threads(static_cast<int>(count));
}

const char* version() {
  // The configuration begins "OpenBLAS 0.3.21 ..."; the core is the kernel family that was picked.
  static const std::string text = [] {
    const std::string configuration = openblas_get_config();
    const size_t number = configuration.find(' ') + 1;
    return configuration.substr(number, configuration.find(' ', number) - number) + " " + openblas_get_corename();
  }();
  return text.c_str();
}

}  // namespace qkv::peers
