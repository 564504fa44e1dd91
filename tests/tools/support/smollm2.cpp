// SPDX-License-Identifier: Apache-2.0
#include "tools/support/smollm2.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>

namespace qkv_test {
namespace {

std::string environment(const char* name, const char* fallback) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? fallback : value;
}

}  // namespace

const nlohmann::json& golden_smollm2() {
  static const nlohmann::json json = [] {
    std::ifstream stream(QKV_GOLDEN_SMOLLM2);
    if (!stream) throw std::runtime_error(QKV_GOLDEN_SMOLLM2 " cannot be read");
    return nlohmann::json::parse(stream);
  }();
  return json;
}

std::optional<std::filesystem::path> smollm2_file() {
  std::filesystem::path file = environment("QKV_DECODER_FILE", QKV_DEFAULT_DECODER_FILE);
  if (std::filesystem::exists(file)) return file;
  CHECK_MESSAGE(environment("QKV_REQUIRE_DECODER", "") != "1", "QKV_REQUIRE_DECODER=1, and no model ", file.string());
  MESSAGE("SKIPPED: no model ", file.string(), "; QKV_DECODER_FILE names it");
  return std::nullopt;
}

}  // namespace qkv_test
