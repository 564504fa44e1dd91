// SPDX-License-Identifier: Apache-2.0
#include "model/random_model.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>
#include <utility>

#include "text/special_tokens.hpp"

namespace qkv::tools {
namespace {

constexpr std::int64_t layers = 4, hidden = 128, feed_forward = 256, positions = 512;

// Writes tensors one after another; the header follows from what was written.
class CheckpointWriter {
 public:
  explicit CheckpointWriter(std::uint64_t seed) : engine_(seed) {}

  void gaussian(const std::string& name, const std::vector<std::int64_t>& shape, double deviation) {
    append(name, shape, [&] { return static_cast<float>(deviation * normal()); });
  }

  void constant(const std::string& name, const std::vector<std::int64_t>& shape, float value) {
    append(name, shape, [value] { return value; });
  }

  void linear(const std::string& name, std::int64_t outputs, std::int64_t inputs) {
    gaussian(name + ".weight", {outputs, inputs}, 1 / std::sqrt(static_cast<double>(inputs)));
    constant(name + ".bias", {outputs}, 0);
  }

  void norm(const std::string& name) {
    constant(name + ".weight", {hidden}, 1);
    constant(name + ".bias", {hidden}, 0);
  }

  std::string finish() const {
    const std::string header = header_.dump();
    std::string file;
    for (int byte = 0; byte < 8; ++byte) file += static_cast<char>(header.size() >> (8 * byte) & 0xFF);
    return file + header + data_;
  }

 private:
  // Sum of 12 uniform numbers: the same with every C++ library, unlike std::normal_distribution.
  double normal() {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += static_cast<double>(engine_() >> 11) * 0x1p-53;
    return sum;
  }

  template <typename Generator>
  void append(const std::string& name, const std::vector<std::int64_t>& shape, const Generator& next) {
    std::int64_t count = 1;
    for (const std::int64_t extent : shape) count *= extent;
    const std::size_t begin = data_.size();
    for (std::int64_t i = 0; i < count; ++i) {
      const float value = next();
      data_.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    header_[name] = {{"dtype", "F32"}, {"shape", shape}, {"data_offsets", {begin, data_.size()}}};
  }

  std::mt19937_64 engine_;
  nlohmann::json header_;
  std::string data_;
};

}  // namespace

std::vector<std::string> random_model_vocabulary() {
  std::vector<std::string> pieces(special_tokens.begin(), special_tokens.end());
  for (char c = '!'; c <= '~'; ++c)
    if (c < 'A' || c > 'Z') pieces.emplace_back(1, c);  // text is lower-cased
  for (const char c : std::string_view("abcdefghijklmnopqrstuvwxyz0123456789")) pieces.push_back(std::string("##") + c);
  for (const char* piece : {"the", "and", "of", "it", "in", "is", "to", "##ing", "##ed", "##er"})
    pieces.emplace_back(piece);
  return pieces;
}

Safetensors random_model(std::uint64_t seed) {
  CheckpointWriter writer(seed);
  const auto vocabulary = static_cast<std::int64_t>(random_model_vocabulary().size());
  writer.gaussian("embeddings.word_embeddings.weight", {vocabulary, hidden}, 1);
  writer.gaussian("embeddings.position_embeddings.weight", {positions, hidden}, 0.3);
  writer.gaussian("embeddings.token_type_embeddings.weight", {2, hidden}, 0.1);
  writer.norm("embeddings.LayerNorm");
  for (std::int64_t layer = 0; layer < layers; ++layer) {
    const std::string name = fmt::format("encoder.layer.{}.", layer);
    for (const char* part : {"query", "key", "value"}) writer.linear(name + "attention.self." + part, hidden, hidden);
    writer.linear(name + "attention.output.dense", hidden, hidden);
    writer.norm(name + "attention.output.LayerNorm");
    writer.linear(name + "intermediate.dense", feed_forward, hidden);
    writer.linear(name + "output.dense", hidden, feed_forward);
    writer.norm(name + "output.LayerNorm");
  }
  return {fmt::format("random model {}", seed), std::make_unique<std::istringstream>(writer.finish())};
}

}  // namespace qkv::tools
