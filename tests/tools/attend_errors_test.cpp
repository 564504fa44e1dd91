// SPDX-License-Identifier: Apache-2.0
// qkv-attend when it cannot do what is asked: exit code 2, one line on standard error that names the argument, nothing
// written.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/machine.hpp"
#include "model/random_model.hpp"
#include "tools/support/program.hpp"
#include "tools/support/temporary_folder.hpp"

namespace {

using namespace qkv_test;
using Strings = std::vector<std::string>;

void check_refusal(const Outcome& outcome, const std::string& named) {
  CAPTURE(outcome.errors);
  CHECK(outcome.exit_code == 2);
  CHECK(std::ranges::count(outcome.errors, '\n') == 1);
  CHECK(outcome.errors.starts_with("qkv-attend: "));
  CHECK(outcome.errors.ends_with('\n'));
  CHECK(outcome.errors.find(named) != std::string::npos);
  CHECK(outcome.output.empty());
}

void check_refused(Strings arguments, const std::string& named, const std::string& input = "") {
  arguments.insert(arguments.begin(), "--random");
  CAPTURE(named);
  check_refusal(run_program("QKV_ATTEND", arguments, input), named);
}

}  // namespace

TEST_CASE("qkv-attend refuses options that do not exist or make no sense") {
  check_refused({"--sideways", "it"}, "--sideways");
  check_refused({"-x", "it"}, "-x");
  check_refused({"it", "--layer"}, "--layer");
  check_refused({"--layer", "two", "it"}, "--layer");
  check_refused({"--head", "1", "it"}, "--head");
  check_refused({"--threads", "0", "it"}, "--threads");
  check_refused({"--threads", "-1", "it"}, "--threads");
  const int cores = qkv::tools::core_count();
  check_refused({"--threads", std::to_string(4 * cores + 1), "it"},
                "--threads " + std::to_string(4 * cores + 1) + ": at most " + std::to_string(4 * cores));
  check_refused({"--threads", "99999999999", "it"}, "--threads");
  check_refused({"--repeat", "0", "it"}, "--repeat");
  check_refused({"--max-isa", "pentium", "it"}, "pentium");
  check_refused({"--model", "folder", "it"}, "--model");
  check_refused({"--input", "file.txt", "it"}, "--input");
  check_refused({"--html", "same", "--svg", "./same", "it"}, "--svg \"./same\": --html writes to the same file");
  check_refused({"--json=false", "it"}, "--json=\"false\": takes no value");
  for (const char* option : {"--input", "--html", "--svg", "--attention", "--times", "--max-isa"})
    check_refused({option, "", "it"}, std::string(option) + " \"\": must not be empty");
}

TEST_CASE("qkv-attend refuses layers and heads that the model does not have") {
  for (const char* layer : {"0", "5", "-1", "9223372036854775807"}) check_refused({"--layer", layer, "it"}, "--layer");
  for (const char* head : {"0", "5", "-1"}) check_refused({"--layer", "1", "--head", head, "it"}, "--head");
  check_refused({"--layer", "99999999999999999999", "it"}, "--layer");
}

TEST_CASE("qkv-attend refuses input that is absent, empty or not text") {
  const TemporaryFolder folder;
  check_refused({"--input", "/nowhere/texts.txt"}, "--input \"/nowhere/texts.txt\"");
  check_refused({"--input", folder.path().string()}, folder.path().string());
  check_refused({"--input", folder.write("empty.txt", "")}, "empty.txt");
  check_refused({"--input", folder.write("empty.jsonl", "\n\n")}, "empty.jsonl");
  check_refused({"--input", folder.write("wrong.jsonl", "\"good\"\n{\"text\": 1}\n")}, "wrong.jsonl\" line 2");
  check_refused({"--input", folder.write("latin1.txt", "good\ncaf\xe9\n")}, "latin1.txt\" line 2: not UTF-8");
  check_refused({"--input", folder.write("latin1.jsonl", "\"caf\xe9\"\n")}, "latin1.jsonl\" line 1");
  check_refused({}, "standard input: holds no text");
  check_refused({}, "standard input line 2: not UTF-8", "good\ncaf\xe9\n");
  check_refused({"good", "caf\xe9"}, "text 2: not UTF-8");
}

TEST_CASE("qkv-attend refuses a folder without a model, or with another file in its place") {
  const TemporaryFolder folder;
  const auto run = [](const std::string& model) { return run_program("QKV_ATTEND", {"--model", model, "it"}); };
  check_refusal(run("/nowhere/model"), "/nowhere/model");
  check_refusal(run(folder.path().string()), folder.path().string());
  std::string vocabulary;
  for (const std::string& piece : qkv::tools::random_model_vocabulary()) vocabulary += piece + "\n";
  folder.write("vocab.txt", vocabulary);
  for (const char* content : {"", "no safetensors at all, only words", "\2\0\0\0\0\0\0\0{}"}) {
    folder.write("model.safetensors", content);
    check_refusal(run(folder.path().string()), "model.safetensors");
  }
}

TEST_CASE("qkv-attend refuses endless files and a folder with a hostile name") {
  const TemporaryFolder folder;
  const std::filesystem::path model = folder.path() / "a\nb\x1b[31m";
  std::filesystem::create_directory(model);
  folder.write(model.filename() / "model.safetensors", "");
  const auto run = [&] { return run_program("QKV_ATTEND", {"--model", model.string(), "it"}); };
  check_refusal(run(), "a\\nb\\u001b[31m");
  std::filesystem::create_symlink("/dev/zero", model / "vocab.txt");
  check_refusal(run(), "a\\nb\\u001b[31m/vocab.txt");
  check_refused({"--input", "/dev/zero"}, "--input \"/dev/zero\": more than 64 MB of text");
}

TEST_CASE("qkv-attend refuses the default model folder when it is absent, and says how to get one") {
  const char* before = std::getenv("QKV_MODEL_DIR");
  const std::string saved = before == nullptr ? "" : before;
  setenv("QKV_MODEL_DIR", "/nowhere/default", 1);
  const Outcome outcome = run_program("QKV_ATTEND", {"it"});
  before == nullptr ? unsetenv("QKV_MODEL_DIR") : setenv("QKV_MODEL_DIR", saved.c_str(), 1);
  check_refusal(outcome, "/nowhere/default");
  CHECK(outcome.errors.find("--random") != std::string::npos);
}

TEST_CASE("qkv-attend refuses outputs that cannot be written, before it prints anything") {
  const TemporaryFolder folder;
  for (const char* option : {"--html", "--svg", "--attention", "--times"}) {
    check_refused({option, "/nowhere/out", "it"}, std::string(option) + " \"/nowhere/out\"");
    check_refused({option, folder.path().string(), "it"}, folder.path().string());
  }
}

TEST_CASE("qkv-attend that fails leaves the files that were there") {
  const TemporaryFolder folder;
  const std::string kept = folder.write("kept.json", "precious");
  check_refused({"--attention", kept, "--html", "/nowhere/out", "it"}, "/nowhere/out");
  check_refused({"--attention", kept, "--layer", "9", "it"}, "--layer");
  const Outcome full = run_program("QKV_ATTEND", {"--random", "--attention", kept, "it"}, "", "/dev/full");
  check_refusal(full, "standard output");
  const Outcome device = run_program("QKV_ATTEND", {"--random", "--attention", kept, "--times", "/dev/full", "it"});
  CHECK(device.exit_code == 2);
  CHECK(device.errors.find("/dev/full") != std::string::npos);
  CHECK(folder.read("kept.json") == "precious");
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("qkv-attend errors are one line whatever the argument holds") {
  check_refused({"--input",
                 "no\nsuch\x1b[31m\xff"
                 "file"},
                "no\\nsuch");
  check_refused({"--wrong\noption", "it"}, "--wrong\\noption");
  check_refused({"--threads", "\x1b[31m\r\n7", "it"}, "\\u001b[31m\\r\\n7");
  check_refused({"--layer", "1\n2", "it"}, "--layer");
  check_refused({"--max-isa", std::string(5000, 'x') + "\n", "it"}, "xxx");
}
