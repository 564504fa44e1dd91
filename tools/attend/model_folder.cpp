// SPDX-License-Identifier: Apache-2.0
#include "attend/model_folder.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <stdexcept>
#include <utility>

#include "model/random_model.hpp"
#include "model/safetensors.hpp"
#include "text/quote.hpp"

namespace qkv::tools {
namespace {

constexpr std::uint64_t random_seed = 1;

Model make_model(std::string name, Vocabulary vocabulary, const Safetensors& checkpoint,
                 const std::filesystem::path& config, std::int32_t workers) {
  const EncoderShape shape = encoder_shape(checkpoint, config);
  if (vocabulary.size() > shape.vocabulary)
    throw std::runtime_error(fmt::format("--model {}: {} word pieces in vocab.txt, {} rows in model.safetensors",
                                         quote(name), vocabulary.size(), shape.vocabulary));
  return {std::move(name), Tokenizer(std::move(vocabulary)), Encoder(load_encoder(checkpoint, shape), workers)};
}

}  // namespace

std::filesystem::path default_model_folder() {
  const char* folder = std::getenv("QKV_MODEL_DIR");
  return folder != nullptr && *folder != '\0' ? folder : "models/all-MiniLM-L6-v2";
}

Model load_model(const std::filesystem::path& folder, std::int32_t workers) {
  for (const char* file : {"model.safetensors", "vocab.txt"})
    if (std::error_code ignored; !std::filesystem::exists(folder / file, ignored))
      throw std::runtime_error(fmt::format(
          "--model {}: has no {}; tools/demo.sh fetches a model, --random makes one up", quote(folder.string()), file));
  const auto name = std::filesystem::weakly_canonical(folder).filename().string();
  Vocabulary vocabulary = Vocabulary::from_file(folder / "vocab.txt");
  return make_model(name, std::move(vocabulary), Safetensors::from_file(folder / "model.safetensors"),
                    folder / "config.json", workers);
}

Model generate_model(std::int32_t workers) {
  return make_model("random", Vocabulary(random_model_vocabulary()), random_model(random_seed), {}, workers);
}

}  // namespace qkv::tools
