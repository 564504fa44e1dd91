// SPDX-License-Identifier: Apache-2.0
// The encoder against transformers in double, on every tier; and what it promises for any model.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "attend/encode_texts.hpp"
#include "attend/model_folder.hpp"
#include "support/tiers.hpp"
#include "tools/support/golden.hpp"

namespace {

using namespace qkv::tools;
using namespace qkv_test;
using Ids = std::vector<std::int64_t>;

constexpr double tolerance = 2e-6;

double max_error(const std::vector<float>& embedding, const std::vector<double>& expected) {
  REQUIRE(embedding.size() == expected.size());
  double most = 0;
  for (std::size_t i = 0; i < embedding.size(); ++i) {
    REQUIRE(std::isfinite(embedding[i]));
    most = std::max(most, std::abs(static_cast<double>(embedding[i]) - expected[i]));
  }
  return most;
}

void check_batch(Encoder& encoder, const std::vector<GoldenText>& texts) {
  std::vector<Ids> ids;
  for (const GoldenText& text : texts) ids.push_back(text.ids);
  const auto results = encoder.encode(ids, false);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    CAPTURE(texts[i].text.substr(0, 100));
    CHECK(max_error(results[i].embedding, texts[i].embedding) <= tolerance);
  }
}

// Every text beside longer and shorter ones.
std::vector<std::vector<GoldenText>> padded_batches() {
  std::vector<GoldenText> mostly_short, mostly_long;
  for (const GoldenText& text : golden_texts_to_encode())
    (text.ids.size() <= 128 ? mostly_short : mostly_long).push_back(text);
  if (mostly_long.empty()) return {mostly_short};
  mostly_long.insert(mostly_long.begin() + 1, mostly_short.begin(), mostly_short.begin() + 3);
  return {mostly_short, mostly_long};
}

}  // namespace

TEST_CASE("encoder: embeddings of MiniLM, each text alone") {
  const auto folder = minilm_folder();
  if (!folder) return;
  for_each_tier([&](const std::string& tier) {
    CAPTURE(tier);
    Model model = load_model(*folder, 0);
    for (const GoldenText& text : golden_texts_to_encode()) check_batch(model.encoder, {text});
  });
}

TEST_CASE("encoder: embeddings of MiniLM in padded batches") {
  const auto folder = minilm_folder();
  if (!folder) return;
  for_each_tier([&](const std::string& tier) {
    CAPTURE(tier);
    Model model = load_model(*folder, 0);
    for (const auto& batch : padded_batches()) check_batch(model.encoder, batch);
  });
}

TEST_CASE("encoder: the same bits for any number of threads") {
  const std::vector<Ids> ids = {Ids(100, 7), {2, 40, 50, 60, 3}, {2, 3}};
  for_each_tier([&](const std::string& tier) {
    CAPTURE(tier);
    const auto expected = generate_model(1).encoder.encode(ids, true);
    for (const std::int32_t threads : {2, 3}) {
      const auto results = generate_model(threads).encoder.encode(ids, true);
      for (std::size_t i = 0; i < ids.size(); ++i) {
        CHECK(results[i].embedding == expected[i].embedding);
        CHECK(results[i].attention_weights == expected[i].attention_weights);
      }
    }
  });
}

TEST_CASE("encoder: rows of attention weights sum to 1, embeddings have length 1") {
  Model model = generate_model(0);
  const std::vector<Ids> ids = {{2, 40, 50, 60, 61, 62, 3}, {2, 3}, {2, 9, 3}};
  const auto results = model.encoder.encode(ids, true);
  const EncoderShape& shape = model.encoder.shape();
  for (std::size_t text = 0; text < ids.size(); ++text) {
    const std::size_t count = ids[text].size();
    const auto& weights = results[text].attention_weights;
    REQUIRE(weights.size() == static_cast<std::size_t>(shape.layers * shape.heads) * count * count);
    for (std::size_t row = 0; row < weights.size(); row += count) {
      double sum = 0;
      for (std::size_t key = 0; key < count; ++key) sum += static_cast<double>(weights[row + key]);
      CHECK(sum == doctest::Approx(1).epsilon(1e-5));
    }
    double square = 0;
    for (const float value : results[text].embedding) square += static_cast<double>(value) * static_cast<double>(value);
    CHECK(square == doctest::Approx(1).epsilon(1e-6));
  }
}

TEST_CASE("encoder: texts without tokens or with too many are refused") {
  Model model = generate_model(1);
  CHECK_THROWS_AS(model.encoder.encode(std::vector<Ids>{{2, 3}, {}}, false), std::invalid_argument);
  CHECK_THROWS_AS(model.encoder.encode(std::vector<Ids>{Ids(513, 5)}, false), std::invalid_argument);
}

TEST_CASE("encoder: an id that is not in the vocabulary is an error") {
  Model model = generate_model(1);
  const std::int64_t beyond = model.encoder.shape().vocabulary;
  CHECK_THROWS_AS(model.encoder.encode(std::vector<Ids>{{2, beyond, 3}}, false), std::runtime_error);
  CHECK_THROWS_AS(model.encoder.encode(std::vector<Ids>{{2, -1, 3}}, false), std::runtime_error);
}

TEST_CASE("batches: every text once, similar lengths together, within the limit") {
  const std::vector<std::size_t> counts = {3, 512, 5, 4, 3000, 512, 512, 512, 2};
  const auto result = batches(counts, 2048);
  std::vector<std::size_t> seen;
  for (const auto& batch : result) {
    std::size_t longest = 0;
    for (const std::size_t i : batch) longest = std::max(longest, counts[i]);
    CHECK((batch.size() == 1 || batch.size() * longest <= 2048));
    seen.insert(seen.end(), batch.begin(), batch.end());
  }
  std::ranges::sort(seen);
  CHECK(seen == std::vector<std::size_t>{0, 1, 2, 3, 4, 5, 6, 7, 8});
  CHECK(result.size() == 3);
  CHECK(batches({}, 2048).empty());
}
