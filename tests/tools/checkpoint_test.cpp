// SPDX-License-Identifier: Apache-2.0
// Checkpoints that are well-formed safetensors and no encoder, and configurations that do not fit.
#include <doctest/doctest.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "attend/model_folder.hpp"
#include "model/random_model.hpp"
#include "tools/support/largest_allocation.hpp"
#include "tools/support/safetensors_file.hpp"
#include "tools/support/temporary_folder.hpp"

namespace {

using namespace qkv::tools;
using namespace qkv_test;
using Tensors = std::map<std::string, Safetensors::Tensor>;

const Tensors& good_tensors() {
  static const Tensors tensors = random_model(1).tensors();
  return tensors;
}

std::vector<std::string> names(const Tensors& tensors) {
  std::vector<std::string> list;
  for (const auto& [name, tensor] : tensors) list.push_back(name);
  return list;
}

// What loading a folder says: "" if it works.
std::string complaint(const std::string& checkpoint, const std::string& config = "{}",
                      std::vector<std::string> vocabulary = random_model_vocabulary()) {
  const TemporaryFolder folder;
  folder.write("model.safetensors", checkpoint);
  folder.write("config.json", config);
  std::string lines;
  for (const std::string& piece : vocabulary) lines += piece + "\n";
  folder.write("vocab.txt", lines);
  reset_largest_allocation();
  std::string what;
  try {
    load_model(folder.path(), 1);
  } catch (const std::runtime_error& error) {
    what = error.what();
    CHECK(what.find('\n') == std::string::npos);
  }
  CHECK(largest_allocation() < std::size_t{64} << 20);
  return what;
}

std::string config_complaint(const std::string& config) {
  static const std::string checkpoint = zero_checkpoint(good_tensors());
  return complaint(checkpoint, config);
}

}  // namespace

TEST_CASE("checkpoint: a good one loads, also with a pooler and other tensors that nobody needs") {
  CHECK(complaint(zero_checkpoint(good_tensors())).empty());
  Tensors tensors = good_tensors();
  tensors["pooler.dense.weight"] = {"F16", {7, 5}, 0, 0};
  CHECK(complaint(zero_checkpoint(tensors)).empty());
}

TEST_CASE("checkpoint: every tensor that is missing is named") {
  for (const std::string& name : names(good_tensors())) {
    Tensors tensors = good_tensors();
    tensors.erase(name);
    const std::string what = complaint(zero_checkpoint(tensors));
    CAPTURE(name);
    CAPTURE(what);
    CHECK(what.find(name) != std::string::npos);
  }
}

TEST_CASE("checkpoint: every tensor of another dtype is named") {
  for (const std::string& name : names(good_tensors())) {
    Tensors tensors = good_tensors();
    tensors[name].dtype = "F64";
    CAPTURE(name);
    CHECK(complaint(zero_checkpoint(tensors)).find(name) != std::string::npos);
  }
}

TEST_CASE("checkpoint: a tensor of another shape is an error") {
  for (const std::string& name : names(good_tensors())) {
    Tensors tensors = good_tensors();
    tensors[name].shape.back() += 1;
    CAPTURE(name);
    CHECK(!complaint(zero_checkpoint(tensors)).empty());
    tensors[name].shape = {0};
    CHECK(!complaint(zero_checkpoint(tensors)).empty());
    tensors[name].shape = {1, 1, 1};
    CHECK(!complaint(zero_checkpoint(tensors)).empty());
  }
}

TEST_CASE("checkpoint: configurations") {
  for (const char* good : {"{}", R"({"num_attention_heads":4})", R"({"num_attention_heads":128,"layer_norm_eps":0})",
                           R"({"hidden_act":"gelu","model_type":"bert","other":[{"x":1}]})"}) {
    CAPTURE(good);
    CHECK(config_complaint(good).empty());
  }
  for (const char* wrong :
       {"", "[]", "{", "7", R"({"num_attention_heads":0})", R"({"num_attention_heads":-4})",
        R"({"num_attention_heads":3})", R"({"num_attention_heads":4.0})", R"({"num_attention_heads":"4"})",
        R"({"num_attention_heads":9223372036854775807})", R"({"num_attention_heads":18446744073709551616})",
        R"({"layer_norm_eps":-1})", R"({"layer_norm_eps":"small"})", R"({"layer_norm_eps":1e300})",
        R"({"hidden_act":"relu"})", R"({"model_type":"gpt2"})", R"({"position_embedding_type":"relative_key"})"}) {
    CAPTURE(wrong);
    CHECK(!config_complaint(wrong).empty());
  }
  CHECK(!config_complaint(std::string(100000, '[')).empty());
  CHECK(!config_complaint("{\"x\":\"" + std::string(2 << 20, 'x') + "\"}").empty());
}

TEST_CASE("checkpoint: vocabularies") {
  const std::string checkpoint = zero_checkpoint(good_tensors());
  std::vector<std::string> pieces = random_model_vocabulary();
  pieces.pop_back();
  CHECK(complaint(checkpoint, "{}", pieces).empty());
  pieces = random_model_vocabulary();
  pieces.emplace_back("one-too-many");
  CHECK(!complaint(checkpoint, "{}", pieces).empty());
  CHECK(!complaint(checkpoint, "{}", {}).empty());
  pieces = random_model_vocabulary();
  pieces[2] = "[cls]";
  CHECK(complaint(checkpoint, "{}", pieces).find("[CLS]") != std::string::npos);
}

TEST_CASE("checkpoint: a configuration that is no file is named") {
  const TemporaryFolder folder;
  folder.write("model.safetensors", zero_checkpoint(good_tensors()));
  std::filesystem::create_symlink("/dev/zero", folder.path() / "config.json");
  std::string lines;
  for (const std::string& piece : random_model_vocabulary()) lines += piece + "\n";
  folder.write("vocab.txt", lines);
  CHECK_THROWS_WITH_AS(load_model(folder.path(), 1), doctest::Contains("config.json\": no such file"),
                       std::runtime_error);
}

TEST_CASE("checkpoint: a folder without a model is named") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH_AS(load_model(folder.path() / "nowhere", 1), doctest::Contains("nowhere"), std::runtime_error);
  folder.write("model.safetensors", "");
  CHECK_THROWS_WITH_AS(load_model(folder.path(), 1), doctest::Contains("vocab.txt"), std::runtime_error);
}
