// SPDX-License-Identifier: Apache-2.0
// The decoder against transformers in float32, with the same dequantised weights, on every tier.
#include "model/decoder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "generate/completion.hpp"
#include "generate/perplexity.hpp"
#include "support/random.hpp"
#include "support/tiers.hpp"
#include "tools/support/smollm2.hpp"
#include "tools/support/tiny_decoder.hpp"

namespace {

using namespace qkv::tools;
using namespace qkv_test;
using Ids = std::vector<std::int64_t>;

constexpr double tolerance = 1e-4;  // of a logit, relative to the greatest
constexpr double near_tie = 1e-3;   // between the two greatest logits: either may be chosen

struct GoldenPrompt {
  Ids prompt, ids;
  std::vector<Candidate> top;
  std::vector<double> gaps;
};

std::vector<GoldenPrompt> golden_prompts() {
  std::ifstream stream(QKV_GOLDEN_DECODER);
  const auto golden = nlohmann::json::parse(stream);
  std::vector<GoldenPrompt> prompts;
  for (const auto& entry : golden["prompts"]) {
    GoldenPrompt prompt{entry["prompt_ids"], entry["ids"], {}, entry["gaps"]};
    for (const auto& [id, logit] : entry["top_logits"].get<std::vector<std::pair<std::int64_t, float>>>())
      prompt.top.push_back({id, logit});
    prompts.push_back(std::move(prompt));
  }
  REQUIRE(prompts.size() == 10);
  for (const GoldenPrompt& prompt : prompts) {
    REQUIRE(prompt.ids.size() == 128);
    REQUIRE(prompt.top.size() == 20);
  }
  // In a short run the first few, which are short.
  prompts.resize(std::min(prompts.size(), static_cast<std::size_t>(case_count(10))));
  return prompts;
}

Decoder load(const std::filesystem::path& file, WeightFormat format = WeightFormat::f32) {
  return {load_decoder(Gguf::from_file(file), format, [](std::int64_t) {}), 0};
}

void check_logits(std::span<const float> logits, const GoldenPrompt& golden) {
  const auto greatest = std::abs(static_cast<double>(golden.top.front().logit));
  for (const Candidate& expected : golden.top) {
    CAPTURE(expected.id);
    const auto logit = static_cast<double>(logits[static_cast<std::size_t>(expected.id)]);
    CHECK(std::abs(logit - static_cast<double>(expected.logit)) <= tolerance * greatest);
  }
}

// The same tokens up to the first near tie.
void check_greedy(const Ids& ids, const GoldenPrompt& golden) {
  for (std::size_t i = 0; i < golden.ids.size(); ++i) {
    CAPTURE(i);
    if (golden.gaps[i] < near_tie && (i >= ids.size() || ids[i] != golden.ids[i])) {
      MESSAGE("another choice in a near tie at token ", i, ", gap ", golden.gaps[i]);
      return;
    }
    REQUIRE(i < ids.size());
    REQUIRE(ids[i] == golden.ids[i]);
  }
}

// As long as a run with so few cases may take.
std::size_t tokens_to_generate() {
  return static_cast<std::size_t>(case_count(128));
}

Decoder decoder_of(const TinyDecoder& model) {
  return {load_decoder(open_gguf(model.bytes()), WeightFormat::file, [](std::int64_t) {}), 1};
}

void check_tiny(const TinyDecoder& model) {
  const Ids ids = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9};
  const auto expected = model.logits(ids);
  for_each_tier([&](const std::string& tier) {
    CAPTURE(tier);
    Decoder decoder = decoder_of(model);
    decoder.start(1, 20);
    // A prompt, a chunk after it, then token by token.
    std::vector<float> actual;
    for (const auto& [first, count] : {std::pair<std::size_t, std::size_t>{0, 6}, {6, 7}, {13, 1}, {14, 1}}) {
      const auto rows = decoder.append_each({0, 1, std::span(ids).subspan(first, count)});
      actual.insert(actual.end(), rows.begin(), rows.end());
    }
    const auto vocabulary = static_cast<std::size_t>(model.vocabulary);
    REQUIRE(actual.size() == ids.size() * vocabulary);
    double worst = 0;
    for (std::size_t i = 0; i < actual.size(); ++i)
      worst = std::max(worst, std::abs(static_cast<double>(actual[i]) - expected[i / vocabulary][i % vocabulary]));
    CHECK(worst <= 2e-5);
  });
}

}  // namespace

TEST_CASE("decoder: small models of every kind against double") {
  check_tiny({});
  check_tiny({.tied = false});
  check_tiny({.layers = 1, .query_heads = 9, .key_heads = 3, .head_dim = 8, .rotary_dim = 4, .base = 500000});
  check_tiny({.query_heads = 3, .key_heads = 3, .head_dim = 10, .rotary_dim = 10, .linear_factor = 4});
  check_tiny({.query_heads = 8, .key_heads = 1, .rope_divisors = true});
  check_tiny({.architecture = "qwen2", .biased = true});
  check_tiny({.architecture = "qwen2", .rotary_dim = 2, .tied = false, .biased = true});
}

TEST_CASE("decoder: texts of a batch do not know of each other") {
  const TinyDecoder model;
  Decoder decoder = decoder_of(model);
  const Ids first = {3, 1, 4, 1, 5}, second = {9, 2, 6}, next = {7, 8};
  decoder.start(2, 10);
  decoder.append({0, 1, first});
  decoder.append({1, 1, second});
  const auto rows = decoder.append({0, 2, next});
  const std::vector<float> together(rows.begin(), rows.end());
  CHECK(decoder.length(0) == 6);
  CHECK(decoder.length(1) == 4);
  for (std::size_t text = 0; text < 2; ++text) {
    decoder.start(1, 10);
    decoder.append({0, 1, text == 0 ? first : second});
    const auto alone = decoder.append({0, 1, std::span(next).subspan(text, 1)});
    CHECK(std::ranges::equal(alone, std::span(together).subspan(text * alone.size(), alone.size())));
  }
}

TEST_CASE("decoder: logits of SmolLM2, as a whole and token by token") {
  const auto file = smollm2_file();
  if (!file) return;
  for_each_tier([&](const std::string& tier) {
    CAPTURE(tier);
    Decoder decoder = load(*file);
    for (const GoldenPrompt& golden : golden_prompts()) {
      if (golden.prompt.size() > 200) continue;
      decoder.start(2, 256);
      check_logits(decoder.append({0, 1, golden.prompt}), golden);
      if (golden.prompt.size() > 40) continue;
      std::span<const float> last;
      for (const std::int64_t& id : golden.prompt) last = decoder.append({1, 1, {&id, 1}});
      check_logits(last, golden);
    }
  });
}

TEST_CASE("decoder: 128 greedy tokens of SmolLM2, prompts together as one ragged batch") {
  const auto file = smollm2_file();
  if (!file) return;
  Decoder decoder = load(*file);
  const std::vector<GoldenPrompt> prompts = golden_prompts();
  std::vector<Completion> completions;
  for (const GoldenPrompt& golden : prompts) completions.push_back({.prompt_ids = golden.prompt});
  GgufTokenizer tokenizer = read_gguf_tokenizer(Gguf::from_file(*file));
  tokenizer.end_ids.clear();  // the reference goes on as well
  const auto count = static_cast<std::int64_t>(tokens_to_generate());
  complete(decoder, tokenizer, {}, {count, [] { return false; }}, completions,
           [](const Completion&, std::string_view) {});
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    INFO("prompt ", i);
    GoldenPrompt golden = prompts[i];
    golden.ids.resize(tokens_to_generate());
    check_greedy(completions[i].ids, golden);
  }
}

TEST_CASE("decoder: quantised products leave SmolLM2's perplexity where it is") {
  const auto file = smollm2_file();
  if (!file || brief_run()) return;
  std::string text;
  for (const char* path : {QKV_PERPLEXITY_TEXTS}) {
    std::ifstream stream(path);
    text.append(std::istreambuf_iterator<char>(stream), {});
  }
  const Ids ids = read_gguf_tokenizer(Gguf::from_file(*file)).encode(text);
  REQUIRE(ids.size() >= 4000);
  const auto value = [&](WeightFormat format) {
    Decoder decoder = load(*file, format);
    return perplexity(decoder, ids, [](std::size_t) {}).value();
  };
  const double exact = value(WeightFormat::f32), quantised = value(WeightFormat::file);
  MESSAGE("perplexity ", exact, " in f32, ", quantised, " with the file's weights, ", ids.size(), " tokens");
  CHECK(std::abs(quantised - exact) <= 0.005 * exact);
}
