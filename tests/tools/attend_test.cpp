// SPDX-License-Identifier: Apache-2.0
// qkv-attend as a program: what it prints and writes.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "cli/machine.hpp"
#include "qkv/qkv.h"
#include "tools/support/golden.hpp"
#include "tools/support/program.hpp"
#include "tools/support/temporary_folder.hpp"

namespace {

using nlohmann::json;
using namespace qkv_test;
using Strings = std::vector<std::string>;

const std::string pizza = "The pizza came out of the oven and it tasted good";

// What a run prints that must work.
std::string attend(const Strings& arguments, const std::string& input = "") {
  const Outcome outcome = run_program("QKV_ATTEND", arguments, input);
  CAPTURE(outcome.errors);
  REQUIRE(outcome.exit_code == 0);
  return outcome.output;
}

json attend_json(Strings arguments, const std::string& input = "") {
  arguments.insert(arguments.begin(), {"--random", "--json"});
  return json::parse(attend(arguments, input));
}

Strings texts_in(const json& result) {
  Strings texts;
  for (const auto& sentence : result["sentences"]) texts.push_back(sentence["text"].get<std::string>());
  return texts;
}

std::set<std::string> keys(const json& object) {
  std::set<std::string> names;
  for (const auto& [name, value] : object.items()) names.insert(name);
  return names;
}

void check_rows_sum_to_one(const json& weights, std::size_t tokens) {
  for (const auto& layer : weights)
    for (const auto& head : layer) {
      REQUIRE(head.size() == tokens);
      for (const auto& row : head) {
        REQUIRE(row.size() == tokens);
        double sum = 0;
        for (const auto& weight : row) sum += weight.get<double>();
        CHECK(sum == doctest::Approx(1).epsilon(1e-5));
      }
    }
}

}  // namespace

TEST_CASE("qkv-attend: --json prints one object with just these keys") {
  const json result = attend_json({pizza, "A caf\u00e9", ""});
  CHECK(keys(result) == std::set<std::string>{"model", "isa", "sentences", "cosine"});
  CHECK(result["model"] == "random");
  CHECK(result["isa"] == qkv_isa_active());
  REQUIRE(result["sentences"].size() == 3);
  for (const auto& sentence : result["sentences"]) {
    CHECK(keys(sentence) == std::set<std::string>{"text", "tokens", "ids", "embedding"});
    CHECK(sentence["tokens"].size() == sentence["ids"].size());
    CHECK(sentence["embedding"].size() == 128);
  }
  CHECK(texts_in(result) == Strings{pizza, "A caf\u00e9", ""});
  CHECK(result["sentences"][2]["tokens"] == json({"[CLS]", "[SEP]"}));
}

TEST_CASE("qkv-attend: cosine is a symmetric matrix with 1 on its diagonal") {
  const json cosine = attend_json({"one", "another", "one"})["cosine"];
  REQUIRE(cosine.size() == 3);
  for (std::size_t row = 0; row < 3; ++row)
    for (std::size_t column = 0; column < 3; ++column) {
      const auto value = cosine[row][column].get<double>();
      CHECK(value == cosine[column][row].get<double>());
      CHECK(std::abs(value) <= 1.000001);
      if (row == column || row + column == 2) CHECK(value == doctest::Approx(1));
    }
}

TEST_CASE("qkv-attend: texts from arguments, files and standard input are the same") {
  const TemporaryFolder folder;
  const Strings texts = {"It is a \"test\".", "[MASK], [SEP]", "caf\u00e9"};
  const std::string lines = texts[0] + "\n" + texts[1] + "\n" + texts[2] + "\n";
  std::string strings;
  for (const std::string& text : texts) strings += json(text).dump() + "\n";
  const json result = attend_json(texts);
  CHECK(texts_in(result) == texts);
  CHECK(attend_json({"--input", folder.write("a.txt", lines)}) == result);
  CHECK(attend_json({"--input", folder.write("a.jsonl", strings)}) == result);
  CHECK(attend_json({}, lines) == result);
}

TEST_CASE("qkv-attend: texts that look like options stand after --") {
  CHECK(texts_in(attend_json({"a", "--", "-b", "--json"})) == Strings{"a", "-b", "--json"});
  CHECK(texts_in(attend_json({"-"})) == Strings{"-"});
}

TEST_CASE("qkv-attend: a text of more tokens than positions is cut, and told") {
  std::string text;
  for (int i = 0; i < 600; ++i) text += "the ";
  const Outcome outcome = run_program("QKV_ATTEND", {"--random", "--json", text, "the"});
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.errors == "qkv-attend: text 1 has 602 tokens; the first 511 and [SEP] are used\n");
  CHECK(json::parse(outcome.output)["sentences"][0]["ids"].size() == 512);
}

TEST_CASE("qkv-attend: --attention writes weights whose rows sum to 1") {
  const TemporaryFolder folder;
  attend({"--random", "--attention", folder / "a.json", "It is one.", "another", ""});
  const json result = json::parse(folder.read("a.json"));
  CHECK(keys(result) == std::set<std::string>{"model", "isa", "layers", "heads", "sentences"});
  REQUIRE(result["sentences"].size() == 3);
  for (const auto& sentence : result["sentences"]) {
    CHECK(keys(sentence) == std::set<std::string>{"text", "tokens", "weights"});
    REQUIRE(sentence["weights"].size() == result["layers"].get<std::size_t>());
    REQUIRE(sentence["weights"][0].size() == result["heads"].get<std::size_t>());
    check_rows_sum_to_one(sentence["weights"], sentence["tokens"].size());
  }
}

TEST_CASE("qkv-attend: --times tells the seconds of every layer and their part in attention") {
  const TemporaryFolder folder;
  attend({"--random", "--threads", "1", "--repeat", "2", "--times", folder / "t.json", pizza, "it"});
  const json times = json::parse(folder.read("t.json"));
  CHECK(keys(times) == std::set<std::string>{"model", "threads", "texts", "tokens", "seconds", "layers"});
  CHECK(times["threads"] == 1);
  CHECK(times["texts"] == 2);
  REQUIRE(times["layers"].size() == 4);
  double sum = 0;
  for (const auto& layer : times["layers"]) {
    sum += layer["seconds"].get<double>();
    CHECK(layer["attention_seconds"].get<double>() > 0);
    CHECK(layer["attention_seconds"].get<double>() < layer["seconds"].get<double>());
  }
  CHECK(sum <= times["seconds"].get<double>());
}

TEST_CASE("qkv-attend: --html and --svg write whole documents beside the report") {
  const TemporaryFolder folder;
  CHECK(!attend({"--random", "--html", folder / "a.html", "--svg", folder / "a.svg", pizza, "it"}).empty());
  CHECK(folder.read("a.html").starts_with("<!doctype html>"));
  CHECK(folder.read("a.html").find("</html>") != std::string::npos);
  CHECK(folder.read("a.svg").ends_with("</svg>\n"));
}

TEST_CASE("qkv-attend: files appear whole, links stay links, and nothing else is left behind") {
  const TemporaryFolder folder;
  folder.write("target.json", "old");
  std::filesystem::create_symlink("target.json", folder.path() / "link.json");
  attend({"--random", "--attention", folder / "link.json", "it"});
  CHECK(std::filesystem::is_symlink(folder.path() / "link.json"));
  CHECK(json::accept(folder.read("target.json")));
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 2);
}

TEST_CASE("qkv-attend: --max-isa is what computes, and the answer is the same") {
  const json best = attend_json({pizza});
  for (std::int32_t i = 0; const qkv_isa_description* isa = qkv_isa_at(i); ++i) {
    if (isa->supported == 0) continue;
    const json result = attend_json({"--max-isa", isa->name, pizza});
    CHECK(result["isa"] == isa->name);
    for (std::size_t k = 0; k < 128; ++k) {
      const auto& embedding = result["sentences"][0]["embedding"];
      CHECK(std::abs(embedding[k].get<double>() - best["sentences"][0]["embedding"][k].get<double>()) < 2e-6);
    }
  }
}

TEST_CASE("qkv-attend: the report shows every word, the times and the instruction set") {
  const std::string report = attend({"--random", "It was a caf\u00e9!", "two"});
  for (const char* part : {"\n    it ", "\n    was ", "\n    cafe", "\n    !", "\n    two", "Cosine", "layer 4",
                           "attention", qkv_isa_active()}) {
    CAPTURE(part);
    CHECK(report.find(part) != std::string::npos);
  }
  CHECK(attend({"--random", "it"}).find("\n    it     has no other word to look at\n") != std::string::npos);
  for (const char* empty : {"", " \t", "\u200b"})
    CHECK(attend({"--random", empty}).find("  this text has no words, so no word looks at another\n") !=
          std::string::npos);
  const std::string most = std::to_string(4 * qkv::tools::core_count());
  CHECK(attend({"--random", "--threads", most, pizza}).find(", " + most + " threads;") != std::string::npos);
}

TEST_CASE("qkv-attend: many texts are listed with the closest one") {
  std::string lines;
  for (int i = 0; i < 30; ++i) lines += "text " + std::to_string(i % 15) + "\n";
  const std::string report = attend({"--random"}, lines);
  CHECK(report.find("\n      1     16  1.000\n") != std::string::npos);
}

TEST_CASE("qkv-attend: --help explains every option, --version is one line") {
  const std::string help = attend({"--help"});
  for (const char* option : {"--input", "--model", "--random", "--layer", "--head", "--json", "--html", "--svg",
                             "--attention", "--times", "--repeat", "--threads", "--max-isa", "--version"})
    CHECK(help.find(option) != std::string::npos);
  CHECK(attend({"--version"}) == std::string("qkv-attend ") + qkv_version() + "\n");
}

TEST_CASE("qkv-attend: MiniLM knows what \"it\" is, and which head tells") {
  const auto folder = minilm_folder();
  if (!folder) return;
  const std::string report = attend({"--model", folder->string(), pizza});
  CAPTURE(report);
  CHECK(report.find("\"it\" means \"pizza\": 0.70 of its attention in layer 4, head 2,") != std::string::npos);
  CHECK(report.find("\n    it      pizza 0.25  oven 0.14  ") != std::string::npos);
  CHECK(report.find("no head") == std::string::npos);
  const std::string head = attend({"--model", folder->string(), "--layer", "4", "--head", "2", pizza});
  CHECK(head.find("(layer 4, head 2)") != std::string::npos);
  CHECK(head.find("\n    it      pizza 0.70  ") != std::string::npos);
}

TEST_CASE("qkv-attend: MiniLM claims nothing where no head shows clearly what a pronoun means") {
  const auto folder = minilm_folder();
  if (!folder) return;
  // A verb next to the pronoun, nothing before it, a verb in one head only, and an adjective with little weight.
  for (const char* text : {"I like it very much", "It is raining", "Mary told John that he should leave",
                           "Beautiful, is it not", "Happy and tired, she went home"}) {
    const std::string report = attend({"--model", folder->string(), text});
    CAPTURE(report);
    CHECK(report.find("  no head shows clearly which word \"") != std::string::npos);
    CHECK(report.find(" means \"") == std::string::npos);
  }
}

TEST_CASE("qkv-attend: MiniLM tells sentences that mean the same from others") {
  const auto folder = minilm_folder();
  if (!folder) return;
  const json cosine = json::parse(attend({"--model", folder->string(), "--json", "A man is eating food.",
                                          "Somebody has a meal.", "The stock market fell today."}))["cosine"];
  CHECK(cosine[0][1].get<double>() > cosine[0][2].get<double>() + 0.2);
  CHECK(cosine[0][1].get<double>() > cosine[1][2].get<double>() + 0.2);
}

TEST_CASE("qkv-attend: MiniLM through the program is MiniLM of the golden file") {
  const auto folder = minilm_folder();
  if (!folder) return;
  const std::vector<GoldenText> texts = golden_texts_to_encode();
  std::string strings;
  for (const GoldenText& text : texts) strings += json(text.text).dump() + "\n";
  const TemporaryFolder inputs;
  const json result =
      json::parse(attend({"--model", folder->string(), "--json", "--input", inputs.write("texts.jsonl", strings)}));
  REQUIRE(result["sentences"].size() == texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const GoldenText& golden = texts[i];
    CAPTURE(golden.text.substr(0, 100));
    CHECK(result["sentences"][i]["text"] == golden.text);
    CHECK(result["sentences"][i]["ids"] == golden.ids);
    const auto embedding = result["sentences"][i]["embedding"].get<std::vector<double>>();
    REQUIRE(embedding.size() == golden.embedding.size());
    for (std::size_t k = 0; k < embedding.size(); ++k) CHECK(std::abs(embedding[k] - golden.embedding[k]) <= 2e-6);
  }
}
