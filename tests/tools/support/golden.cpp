// SPDX-License-Identifier: Apache-2.0
#include "tools/support/golden.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string_view>

#include "support/random.hpp"

namespace qkv_test {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::vector<GoldenText> read_texts() {
  std::vector<GoldenText> texts;
  for (const auto& text : golden()["texts"])
    texts.push_back({text["text"].get<std::string>(), text["ids"].get<std::vector<std::int64_t>>(),
                     text["embedding"].get<std::vector<double>>()});
  return texts;
}

}  // namespace

const nlohmann::json& golden() {
  static const nlohmann::json json = [] {
    std::ifstream stream(QKV_GOLDEN_MINILM);
    if (!stream) throw std::runtime_error(QKV_GOLDEN_MINILM " cannot be read");
    return nlohmann::json::parse(stream);
  }();
  return json;
}

const std::vector<GoldenText>& golden_texts() {
  static const std::vector<GoldenText> texts = read_texts();
  return texts;
}

std::vector<GoldenText> golden_texts_to_encode() {
  const auto most = static_cast<std::size_t>(case_count(512)), count = static_cast<std::size_t>(case_count(200));
  std::vector<GoldenText> texts = golden_texts();
  std::erase_if(texts, [most](const GoldenText& text) { return text.ids.size() > most; });
  if (texts.size() > count) texts.resize(count);
  return texts;
}

std::optional<std::filesystem::path> minilm_folder() {
  std::filesystem::path folder = environment("QKV_MODEL_DIR");
  if (folder.empty()) folder = QKV_DEFAULT_MODEL_DIR;
  if (std::filesystem::exists(folder / "model.safetensors") && std::filesystem::exists(folder / "vocab.txt"))
    return folder;
  CHECK_MESSAGE(environment("QKV_REQUIRE_MODEL") != "1", "QKV_REQUIRE_MODEL=1, and no model in ", folder.string());
  MESSAGE("SKIPPED: no model in ", folder.string(), "; QKV_MODEL_DIR names its folder");
  return std::nullopt;
}

}  // namespace qkv_test
