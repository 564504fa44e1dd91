// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "onednn.hpp"
#include "peer.hpp"

namespace qkv::peers {

const char* version() {
  static const std::string text = [] {
    const dnnl::version_t* v = dnnl::version();
    return std::to_string(v->major) + "." + std::to_string(v->minor) + "." + std::to_string(v->patch);
  }();
  return text.c_str();
}

}  // namespace qkv::peers
