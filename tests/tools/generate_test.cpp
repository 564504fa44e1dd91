// SPDX-License-Identifier: Apache-2.0
// qkv-generate as a user runs it, on a small model; and how it chooses tokens.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "generate/sampler.hpp"
#include "model/decoder.hpp"
#include "tools/support/program.hpp"
#include "tools/support/temporary_folder.hpp"
#include "tools/support/tiny_decoder.hpp"

namespace {

using namespace qkv::tools;
using namespace qkv_test;
using Strings = std::vector<std::string>;

class TinyModelFile {
 public:
  explicit TinyModelFile(const std::string& bytes = TinyDecoder().bytes()) {
    std::ofstream(path(), std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }
  std::string path() const { return (folder_.path() / "tiny.gguf").string(); }

  Outcome run(Strings arguments, const std::string& input = "") const {
    arguments.insert(arguments.begin(), {"--model", path()});
    return run_program("QKV_GENERATE", arguments, input);
  }

 private:
  TemporaryFolder folder_;
};

void check_refused(const Outcome& outcome, const std::string& named) {
  CAPTURE(outcome.errors);
  CHECK(outcome.exit_code == 2);
  CHECK(std::ranges::count(outcome.errors, '\n') == 1);
  CHECK(outcome.errors.starts_with("qkv-generate: "));
  CHECK(outcome.errors.find(named) != std::string::npos);
  CHECK(outcome.output.empty());
}

nlohmann::json run_json(const TinyModelFile& model, Strings arguments) {
  arguments.emplace_back("--json");
  const Outcome outcome = model.run(arguments);
  REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.errors);
  return nlohmann::json::parse(outcome.output);
}

// The likeliest tokens one after another, as the reference has them.
std::vector<std::int64_t> greedy(std::vector<std::int64_t> ids, std::size_t count) {
  const std::size_t prompt = ids.size();
  while (ids.size() < prompt + count) {
    const std::vector<double> logits = TinyDecoder().logits(ids).back();
    ids.push_back(std::ranges::max_element(logits) - logits.begin());
  }
  return {ids.begin() + static_cast<std::ptrdiff_t>(prompt), ids.end()};
}

}  // namespace

TEST_CASE("qkv-generate continues prompts of different lengths as the reference does") {
  const TinyModelFile model;
  const auto json = run_json(model, {"--max-tokens", "8", "ABC", "KEDGE"});
  REQUIRE(json["completions"].size() == 2);
  const std::vector<std::vector<std::int64_t>> prompts = {{0, 1, 2}, {10, 4, 3, 6, 4}};
  for (std::size_t i = 0; i < 2; ++i) {
    const auto& completion = json["completions"][i];
    CHECK(completion["prompt_ids"] == prompts[i]);
    auto expected = greedy(prompts[i], 8);
    const auto end = std::ranges::find(expected, 29);  // the token that ends a text
    expected.erase(end, expected.end());
    CHECK(completion["ids"] == expected);
    CHECK(completion["text"].get<std::string>().size() == expected.size());
    CHECK(completion["top_logits"].size() == 20);
  }
  CHECK(json["tokens_per_second"].get<double>() > 0);
  // The first token comes with the prompt.
  CHECK(run_json(model, {"--max-tokens", "1", "ABC"})["tokens_per_second"].get<double>() == 0);
  CHECK(json["prompt_tokens_per_second"].get<double>() > 0);
}

TEST_CASE("qkv-generate streams the same text, reads prompts from a file and from standard input") {
  const TinyModelFile model;
  const auto json = run_json(model, {"--max-tokens", "5", "ABC"});
  const std::string text = json["completions"][0]["text"];
  CHECK(model.run({"--max-tokens", "5", "ABC"}).output == text + "\n");
  CHECK(model.run({"--max-tokens", "5"}, "ABC\n").output == text + "\n");
  CHECK(model.run({"--max-tokens", "5", "--temperature", "0", "--", "ABC"}).output == text + "\n");
  CHECK(model.run({"--max-tokens", "0", "ABC"}).output == "\n");
}

TEST_CASE("qkv-generate: the same seed gives the same text, another one another") {
  const TinyModelFile model;
  const auto text = [&](const std::string& seed) {
    return model.run({"--max-tokens", "30", "--temperature", "3", "--seed", seed, "ABC"}).output;
  };
  CHECK(text("1") == text("1"));
  CHECK(text("1") != text("2"));
}

TEST_CASE("qkv-generate writes the causal attention of the first prompt, and keeps its text") {
  const TinyModelFile model;
  const TemporaryFolder folder;
  const auto plain = model.run({"--max-tokens", "5", "ABC"});
  const auto pictured = model.run({"--max-tokens", "5", "--attention", folder / "page.html", "ABC", "KEDGE"});
  CHECK(pictured.output.starts_with("[1] " + plain.output + "[2] "));
  const std::string page = folder.read("page.html");
  CHECK(page.starts_with("<!doctype html>"));
  CHECK(page.find("ABC") != std::string::npos);
  CHECK(page.find("KEDGE") == std::string::npos);
  check_refused(model.run({"--max-tokens", "5", "--attention", folder / "no/page.html", "ABC"}), "--attention");
}

TEST_CASE("decoder: the attention that is kept is softmax over the tokens so far") {
  const TinyDecoder model;
  Decoder decoder(load_decoder(open_gguf(model.bytes()), WeightFormat::file, [](std::int64_t) {}), 1);
  const std::vector<std::int64_t> ids = {3, 1, 4, 1, 5};
  decoder.start(1, 12);
  decoder.keep_attention_weights(true);
  decoder.append({0, 1, ids});
  const std::vector<float>& weights = decoder.attention_weights();
  REQUIRE(weights.size() == static_cast<std::size_t>(model.layers * model.query_heads) * 25);
  for (std::size_t row = 0; row < weights.size() / 5; ++row) {
    double sum = 0;
    for (std::size_t key = 0; key < 5; ++key) {
      const float weight = weights[row * 5 + key];
      sum += static_cast<double>(weight);
      CHECK((key <= row % 5 ? weight > 0 : weight == 0));
    }
    CHECK(sum == doctest::Approx(1).epsilon(1e-6));
  }
}

TEST_CASE("qkv-generate refuses what makes no sense") {
  const TinyModelFile model;
  check_refused(model.run({"--temperature", "-1", "A"}), "--temperature -1");
  check_refused(model.run({"--temperature", "nan", "A"}), "--temperature");
  check_refused(model.run({"--top-p", "0", "A"}), "--top-p 0");
  check_refused(model.run({"--top-k", "-1", "A"}), "--top-k");
  check_refused(model.run({"--max-tokens", "-1", "A"}), "--max-tokens");
  check_refused(model.run({"--max-tokens", "62", "ABC"}), "more than the model's 64");
  check_refused(model.run({"--chat", "A"}), "--chat");
  check_refused(model.run({"--threads", "100000", "A"}), "--threads 100000");
  check_refused(model.run({"--max-isa", "mmx", "A"}), "--max-isa");
  check_refused(model.run({"--sideways", "A"}), "--sideways");
  check_refused(model.run({"--weights", "f16", "A"}), "f16");
  check_refused(model.run({"--perplexity", "no-such-file"}), "no-such-file");
  check_refused(model.run({"--perplexity", "no-such-file", "A"}), "--perplexity");
  check_refused(model.run({"lower case has no token"}), "prompt 1");
  check_refused(model.run({"\xff"}), "prompt");
  check_refused(model.run({"--input", "no-such-file"}), "no-such-file");
  check_refused(model.run({"--input", "no-such-file", "A"}), "--input");
  check_refused(model.run({}, ""), "prompt");
  check_refused(run_program("QKV_GENERATE", {"--model", "no-such-file", "A"}), "no-such-file");
}

TEST_CASE("qkv-generate refuses files that are no model it knows") {
  const auto refuse = [](const TinyDecoder& decoder, const std::string& named) {
    check_refused(TinyModelFile(decoder.bytes()).run({"--max-tokens", "5", "A"}), named);
  };
  check_refused(TinyModelFile("GGUF").run({"A"}), "tiny.gguf");
  refuse({.architecture = "mamba"}, "mamba");
  refuse({.query_heads = 3, .key_heads = 2}, "2 key heads do not divide 3 query heads");
  refuse({.head_dim = 4, .rotary_dim = 6}, "6 rotary dimensions in heads of 4");
  refuse({.base = 1e13f}, "rope.freq_base");
  refuse({.extra_tensor = "blk.0.attn_q_norm.weight"}, "attn_q_norm");
  refuse({.extra_tensor = "blk.0.attn_k.bias"}, "attn_k.bias");
  for (const char* name :
       {"attention.sliding_window", "expert_count", "rope.scaling.attn_factor", "attention.value_length"})
    refuse({.extra_count = name}, name);
  refuse({.linear_factor = 0.5f}, "rope.scaling");
}

TEST_CASE("sampler: greedy takes the first of the greatest; top-k and top-p leave only the likeliest") {
  const std::array<float, 5> logits = {1, 4, 2, 4, 3};
  CHECK(Sampler({}).choose(logits) == 1);
  CHECK(Sampler({.temperature = 1, .top_k = 1}).choose(logits) == 1);
  Sampler two({.temperature = 1, .top_k = 2}), likely({.temperature = 1, .top_p = 0.7f});
  for (int i = 0; i < 200; ++i) {
    const std::int64_t a = two.choose(logits), b = likely.choose(logits);
    CHECK((a == 1 || a == 3));
    CHECK((b == 1 || b == 3));
  }
}

TEST_CASE("sampler: tokens come as often as their probabilities say") {
  const std::array<float, 3> logits = {0, 1, 2};
  std::array<double, 3> counts = {};
  Sampler sampler({.temperature = 0.5f});
  constexpr int draws = 20000;
  for (int i = 0; i < draws; ++i) counts[static_cast<std::size_t>(sampler.choose(logits))]++;
  const double sum = 1 + std::exp(2.0) + std::exp(4.0);
  for (std::size_t i = 0; i < 3; ++i)
    CHECK(counts[i] / draws == doctest::Approx(std::exp(2 * static_cast<double>(i)) / sum).epsilon(0.1));
}

TEST_CASE("sampler: NaN is never chosen") {
  const std::array<float, 3> logits = {NAN, 1, NAN};
  CHECK(Sampler({}).choose(logits) == 1);
  CHECK(Sampler({.temperature = 1}).choose(logits) == 1);
}
